"""The portfolio: a few fixed configurations that suit different kinds of data, tried before the search proper.

They were derived from about twenty configurations on open tables (a census, a bank's calls, bike rentals, flights) and
generated ones: a set such that on each table one of them came near the best. What is not named keeps the family's
default. The rates are quick on purpose: a slower one is tried at the end of the search, for the best of all trials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml_lifecycle.modeling.search_space import Choice, Parameter, Range, Space

_LIGHTGBM: tuple[Mapping[str, Parameter], ...] = (
    {
        "num_leaves": 15,
        "min_data_in_leaf": 100,
        "lambda_l2": 20.0,
        "feature_fraction": 0.5,
        "learning_rate": 0.1,
        "categories": "target_means",
    },
    {"num_leaves": 15, "feature_fraction": 0.4, "learning_rate": 0.1},  # many weak features
    {"num_leaves": 255, "feature_fraction": 0.8, "learning_rate": 0.1},  # deep interactions
    {"num_leaves": 63, "categories": "sets", "learning_rate": 0.1},
    {"num_leaves": 63, "min_data_in_leaf": 20, "learning_rate": 0.05},
    {"num_leaves": 255, "extra_trees": True, "feature_fraction": 1.0, "learning_rate": 0.1},
    {"num_leaves": 31, "min_data_in_leaf": 5, "lambda_l2": 10.0, "feature_fraction": 0.4, "learning_rate": 0.05},
)
_HISTOGRAMS: tuple[Mapping[str, Parameter], ...] = (
    {"max_leaf_nodes": 15, "max_features": 0.4, "learning_rate": 0.1},
    {"max_leaf_nodes": 127, "learning_rate": 0.1},
    {"max_leaf_nodes": 15, "min_samples_leaf": 100, "l2_regularization": 20.0, "max_features": 0.5},
)
_XGBOOST: tuple[Mapping[str, Parameter], ...] = (
    {"max_depth": 4, "colsample_bytree": 0.5, "learning_rate": 0.1},
    {"max_depth": 10, "learning_rate": 0.1},
)
_CATBOOST: tuple[Mapping[str, Parameter], ...] = (
    {"missing": "median"},
    {"missing": "median", "l2_leaf_reg": 10.0},
    {"l2_leaf_reg": 10.0},
    {"depth": 8},
    {"depth": 4},
)
PORTFOLIOS: Mapping[str, Sequence[Mapping[str, Parameter]]] = {
    "lightgbm": _LIGHTGBM,
    "hist_gradient_boosting": _HISTOGRAMS,
    "xgboost": _XGBOOST,
    "catboost": _CATBOOST,
}


def list_portfolio(family: str, space: Space, default: Mapping[str, Parameter]) -> list[dict[str, Parameter]]:
    """The portfolio of a family within the space; what is not searched is left out, repetitions too.

    Args:
        family: Its name.
        space: What is searched.
        default: The configuration that is tried first in any case, within the space.
    """
    found = [dict(default)]
    for entry in PORTFOLIOS.get(family, ()):
        whole = clip({**default, **entry}, space, default)
        if whole not in found:
            found.append(whole)
    return found[1:]


def clip(values: Mapping[str, Parameter], space: Space, default: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """Values for the whole space: numbers bounded by it, the default where a value is missing or no option.

    >>> clip({"rate": 7.0, "kind": "c"}, {"rate": Range(0, 1), "kind": Choice(("a", "b"))}, {"kind": "b"})
    {'rate': 1.0, 'kind': 'b'}
    """
    return {
        name: _within(values.get(name, default.get(name, _any(domain))), domain, default.get(name))
        for name, domain in space.items()
    }


def _any(domain: Range | Choice) -> Parameter:
    return domain.options[0] if isinstance(domain, Choice) else domain.low


def _within(value: Parameter, domain: Range | Choice, default: Parameter | None) -> Parameter:
    if isinstance(domain, Choice):
        if value in domain.options:
            return value
        return default if default is not None and default in domain.options else domain.options[0]
    if isinstance(value, str):
        return domain.low if default is None else _within(default, domain, None)
    bounded = float(min(max(float(value), domain.low), domain.high))
    return int(bounded) if domain.integer else bounded
