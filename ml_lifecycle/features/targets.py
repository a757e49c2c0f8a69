"""`TargetNumbers`: the target as target encoding and the history of outcomes take it.

How models take the target lives in `modeling/target`, which this room may not import; a mean does not mind which class
is called positive, so no more than the values is needed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import BriefConfig, Task
from ml_lifecycle.errors import TargetError
from ml_lifecycle.features.cells import category_key
from ml_lifecycle.features.columns import Values, naming

_PAIR = 2


@dataclass(frozen=True, slots=True)
class TargetNumbers:
    """What is averaged.

    Args:
        numbers: float64 of shape (n, t): the number itself (t = 1), whether it is the positive class (t = 1), or
            whether it is each of several classes.
        labels: The name of each of the t; empty text where there is one.
    """

    numbers: np.ndarray
    labels: tuple[str, ...]


def read_classes(values: pd.Series, brief: BriefConfig) -> tuple[str, ...]:
    """The classes that are told apart: none for numbers, the positive one of two, or each of several."""
    if brief.task is not Task.CLASSIFICATION:
        return ()
    keys = tuple(sorted(Values(values).keys.counts()))
    if len(keys) > _PAIR:
        return keys
    wanted = category_key(brief.positive_class)
    return (wanted,) if wanted in keys and wanted is not None else keys[-1:]


def read_target(values: pd.Series, brief: BriefConfig, classes: Sequence[str]) -> TargetNumbers:
    """Read the target of some rows, for the classes that `read_classes` found; NaN where it is missing.

    Raises:
        TargetError: The target is not a number where one is wanted, or no class is known.
    """
    if brief.task is not Task.CLASSIFICATION:
        with naming(brief.target):
            return TargetNumbers(Values(values).numbers()[:, None].astype(np.float64), ("",))
    if not classes:
        raise TargetError(
            f"the target {brief.target!r} cannot be averaged",
            expected="labelled rows",
            got="no value at all",
            advice="check the column and the outcome times",
        )
    keys = Values(values).keys
    columns = [keys.look_up({name: 1.0}, unknown=0.0, missing=np.nan) for name in classes]
    labels = tuple(classes) if len(classes) > 1 else ("",)
    return TargetNumbers(np.stack(columns, axis=1).astype(np.float64), labels)
