"""All encoders by kind, so that a stored one can be made again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ml_lifecycle.features.encoders.base import Encoder
from ml_lifecycle.features.encoders.codes import CategoryColumn
from ml_lifecycle.features.encoders.datetimes import DatetimeColumn
from ml_lifecycle.features.encoders.flags import MissingFlag
from ml_lifecycle.features.encoders.frequency import FrequencyColumn
from ml_lifecycle.features.encoders.hashing import HashColumn
from ml_lifecycle.features.encoders.numbers import NumberColumn
from ml_lifecycle.features.encoders.one_hot import OneHotColumn
from ml_lifecycle.features.encoders.prepared import PreparedNumber
from ml_lifecycle.features.encoders.target_mean import TargetColumn
from ml_lifecycle.features.encoders.texts import TextColumn

ENCODERS: Final[dict[str, type[Encoder]]] = {
    encoder.kind: encoder
    for encoder in (
        NumberColumn,
        PreparedNumber,
        CategoryColumn,
        OneHotColumn,
        TargetColumn,
        FrequencyColumn,
        HashColumn,
        DatetimeColumn,
        TextColumn,
        MissingFlag,
    )
}


def encoder_from_dict(state: Mapping[str, Any]) -> Encoder:
    """Make an encoder of what its `to_dict` gave.

    Raises:
        KeyError: A part of the state is missing.
        TypeError: A part has another type.
        ValueError: The kind or a part is unknown.
    """
    kind = state["kind"]
    if kind not in ENCODERS:
        msg = f"expected an encoder of kind {', '.join(ENCODERS)}, got {dict(state)!r:.200}"
        raise ValueError(msg)
    return ENCODERS[kind].from_state(str(state["column"]), state, nullable=bool(state["nullable"]))
