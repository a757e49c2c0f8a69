"""Which columns are derived, as the configuration says. The derivations themselves have a module each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from ml_lifecycle.config.features import FeaturesConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.features.columns import Columns
from ml_lifecycle.features.derived.base import Derivation
from ml_lifecycle.features.derived.crosses import CrossColumn
from ml_lifecycle.features.derived.functions import FunctionColumns, columns_of
from ml_lifecycle.features.derived.ratios import RatioColumn
from ml_lifecycle.features.planning import type_for_functions


def plan_derived(columns: Columns, config: FeaturesConfig, readable: Collection[str]) -> tuple[Derivation, ...]:
    """Make the derivations that the features section names.

    Args:
        columns: Training rows.
        config: The features section.
        readable: The columns that may be read: not the target, nor what is known only with it.

    Raises:
        ConfigError: A derivation reads what it may not, makes a column that exists, or a function cannot be used.
    """
    made: list[Derivation] = [
        CrossColumn.of(cross, optional=_optional(columns, cross, readable, "features.crosses"))
        for cross in config.crosses
    ]
    for ratio in config.ratios:
        inputs: tuple[str, ...] = (ratio.numerator, ratio.denominator)
        optional = _optional(columns, inputs, readable, "features.ratios")
        name = ratio.name or f"{ratio.numerator}_per_{ratio.denominator}"
        made.append(RatioColumn(inputs, (name,), optional))
    for reference in config.functions:
        inputs = columns_of(reference)
        optional = _optional(columns, inputs, readable, f"the feature function {reference!r}")
        types = {name: type_for_functions(columns[name]) for name in inputs}
        made.append(FunctionColumns.fit(reference, columns, types, optional))
    _check_outputs(made, columns)
    return tuple(made)


def _optional(columns: Columns, inputs: Iterable[str], readable: Collection[str], where: str) -> tuple[str, ...]:
    """Those of the inputs that have gaps; refuses what may not be read."""
    for name in inputs:
        if name not in readable:
            near = get_close_matches(name, readable, n=1)
            raise ConfigError(
                f"{where} names {name!r}, which features may not be made of",
                expected="columns of the table that are known when predicting",
                got=repr(name),
                advice=f"did you mean {near[0]!r}?" if near else "the target and dropped columns cannot be used",
            )
    return tuple(name for name in inputs if columns[name].missing.any())


def _check_outputs(made: list[Derivation], columns: Columns) -> None:
    seen: set[str] = set()
    for derivation in made:
        for name in derivation.outputs:
            if name in seen or name in columns:
                raise ConfigError(
                    f"the derived column {name!r} exists already",
                    expected="a name that no column of the table and no other derivation has",
                    got=repr(name),
                    advice="give the ratio or the function's column another name",
                )
            seen.add(name)
