"""How tests of encoders run them: a batch into nested lists, single cells, and through JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.features.columns import Values
from ml_lifecycle.features.encoders.base import Encoder
from ml_lifecycle.features.encoders.registry import encoder_from_dict


def values_of(cells: Iterable[Any], dtype: Any = None) -> Values:
    """A column of some cells."""
    return Values(pd.Series(list(cells), dtype=dtype))


def encode(encoder: Encoder, values: pd.Series | Values) -> np.ndarray:
    """Encode a batch, one line per row, and see that single cells and a stored encoder give the same bits."""
    column = values if isinstance(values, Values) else Values(values)
    out = np.empty((len(encoder.features), len(column)), dtype=np.float32)
    encoder.encode(column, out)
    read = encoder_from_dict(json.loads(json.dumps(encoder.to_dict())))
    assert read == encoder
    cell = read.cell()
    single = np.array([cell(value) for value in column.series], dtype=np.float32).reshape(out.shape[::-1])
    assert np.array_equal(np.isnan(single), np.isnan(out.T))
    assert (single.view(np.uint32) == out.T.copy().view(np.uint32))[~np.isnan(single)].all()
    return out.T
