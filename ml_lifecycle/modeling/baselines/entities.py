"""Which entity (a shop, an item, a customer) each row belongs to, as integers that stay the same after storage."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml_lifecycle.errors import ModelError


def entity_keys(entity: pd.Series | None, row_ids: np.ndarray) -> np.ndarray:
    """One int64 per row: equal for rows of one entity; missing values are an entity of their own.

    Args:
        entity: Entities, indexed by `_row_id`.
        row_ids: The rows that are asked for, shape (n,).

    Raises:
        ModelError: There are no entities, or some rows are not among them.
    """
    if entity is None:
        raise ModelError(
            "this baseline looks rows up by their entity",
            expected="entities by _row_id, as when it was fitted",
            got="none",
            advice="give `entity`: the column of dataset.entity indexed by _row_id",
        )
    places = pd.Index(entity.index).get_indexer(pd.Index(row_ids))
    if (places < 0).any():
        raise ModelError(
            "rows have no entity",
            expected="entities indexed by the _row_id of every row",
            got=f"{int((places < 0).sum())} of {len(row_ids)} rows that are not among them",
            advice="index the column of dataset.entity by _row_id, for all rows of the project",
        )
    hashed = np.asarray(pd.util.hash_array(entity.to_numpy(), categorize=True))
    return np.asarray(hashed.view(np.int64)[places])
