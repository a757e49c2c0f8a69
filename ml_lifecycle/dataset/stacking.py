"""Frames one below the other, each column of one type."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ml_lifecycle.dataset.rows import as_text


def stack(pieces: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put frames one below the other; a column that is text in one and numbers in another becomes text.

    >>> stack([pd.DataFrame({"x": [1]}), pd.DataFrame({"x": ["many"]})])["x"].tolist()
    ['1', 'many']
    """
    if len(pieces) == 1:
        return pieces[0]
    if not pieces:
        return pd.DataFrame()
    filled = [piece for piece in pieces if len(piece)] or [pieces[0]]
    names = list(dict.fromkeys(name for piece in filled for name in piece.columns))
    known = _with_known_types(filled)
    stacked = pd.concat(known, ignore_index=True)
    if list(stacked.columns) != names:
        stacked = stacked.reindex(columns=names)
    for column in objects_of(stacked):
        kinds = {_kind(piece[column]) for piece in known if column in piece}
        if len(kinds) > 1:
            stacked[column] = as_text(stacked[column])
    return stacked


def objects_of(frame: pd.DataFrame) -> list[str]:
    """The columns of Python objects, text mostly; unlike `select_dtypes`, without copying what is in them."""
    return [str(name) for name, dtype in frame.dtypes.items() if dtype.kind == "O" and isinstance(dtype, np.dtype)]


def _is_empty(values: pd.Series) -> bool:
    return bool(values.iloc[:1].isna().all() and values.isna().all())


def _with_known_types(pieces: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """Leave out columns that hold nothing in a piece but something in another: they have no type to bring along."""
    lacking = [[name for name in piece.columns if _is_empty(piece[name])] for piece in pieces]
    held = {
        name for piece, empty in zip(pieces, lacking, strict=True) for name in piece.columns if name not in set(empty)
    }
    return [
        piece.drop(columns=unknown) if (unknown := [name for name in empty if name in held]) else piece
        for piece, empty in zip(pieces, lacking, strict=True)
    ]


def _kind(values: pd.Series) -> str:
    kind = values.dtype.kind
    if kind == "O" and pd.api.types.infer_dtype(values, skipna=True) == "boolean":
        return "b"  # truths beside missing cells
    return "f" if kind in "iu" else str(kind)
