"""All derivations by kind, so that a stored one can be made again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ml_lifecycle.features.derived.base import Derivation
from ml_lifecycle.features.derived.crosses import CrossColumn
from ml_lifecycle.features.derived.functions import FunctionColumns
from ml_lifecycle.features.derived.ratios import RatioColumn

DERIVATIONS: Final[dict[str, type[Derivation]]] = {
    derivation.kind: derivation for derivation in (CrossColumn, RatioColumn, FunctionColumns)
}


def derivation_from_dict(state: Mapping[str, Any]) -> Derivation:
    """Make a derivation of what its `to_dict` gave.

    Raises:
        KeyError: A part of the state is missing.
        TypeError: A part has another type.
        ValueError: The kind or a part is unknown.
    """
    kind = state["kind"]
    if kind not in DERIVATIONS:
        msg = f"expected a derivation of kind {', '.join(DERIVATIONS)}, got {dict(state)!r:.200}"
        raise ValueError(msg)
    shape = {key: tuple(map(str, state[key])) for key in ("inputs", "outputs", "optional")}
    return DERIVATIONS[kind].from_state(shape, state)
