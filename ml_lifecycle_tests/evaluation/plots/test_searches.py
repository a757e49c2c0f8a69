"""A search is drawn whatever became of its trials."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.evaluation.plots.searches import draw_search
from ml_lifecycle_tests.evaluation.searches import trials

_RNG = np.random.default_rng(0)
_PARAMS: list[dict[str, Any]] = [
    {"rate": float(10 ** _RNG.uniform(-3, 0)), "kind": str(_RNG.choice(["$a", "b"])), "leaves": int(_RNG.integers(9))}
    for _ in range(12)
]
_VALUES = _RNG.random(12)
_ALL = ["search_history", "parameter_importance", "parallel_coordinates", "loss_curve"]


def test_a_search_has_four_pictures() -> None:
    """All are PNG files, the same ones each time."""
    states = ["complete", "pruned", "fail"] * 2 + ["complete"] * 6
    table = trials(_VALUES, _PARAMS, states).assign(rows=[100, 50] + [100] * 10)
    table.loc[2, "value"] = np.nan
    curve = np.array([0.5, np.nan, 0.7, 0.6])
    found = draw_search(table, greater_is_better=True, metric="roc_auc", curve=curve)
    assert list(found) == _ALL
    assert all(png.startswith(b"\x89PNG") for png in found.values())
    assert found == draw_search(table, greater_is_better=True, metric="roc_auc", curve=curve)


@pytest.mark.parametrize("up", [True, False])
@pytest.mark.parametrize(
    ("count", "state", "value", "names"),
    [
        (1, "complete", 0.5, ["search_history"]),
        (12, "pruned", np.nan, ["search_history"]),
        (12, "pruned", 0.5, ["search_history"]),
        (12, "complete", 0.5, ["search_history", "parallel_coordinates"]),
        (0, "complete", 0.5, []),
    ],
)
def test_little_gives_few_pictures(count: int, state: str, value: float, names: list[str], *, up: bool) -> None:
    """One trial, none that ended well, all alike, none at all: what would show nothing is left out."""
    table = trials([value] * count, _PARAMS[:count], state)
    assert list(draw_search(table, greater_is_better=up)) == names


def test_conditional_parameters_are_drawn() -> None:
    """A trial that lacks one has a gap there."""
    params = [item if place % 2 else {"rate": item["rate"]} for place, item in enumerate(_PARAMS)]
    assert "parallel_coordinates" in draw_search(trials(_VALUES, params), greater_is_better=True)


def test_importance_of_the_search_itself_is_taken() -> None:
    """What the search has computed is not computed again, also for few trials."""
    given = pd.DataFrame({"parameter": ["rate", "kind"], "share": [0.9, 0.1]})
    found = draw_search(trials(_VALUES[:2], _PARAMS[:2]), greater_is_better=True, importance=given)
    assert "parameter_importance" in found


def test_a_curve_is_an_array_or_a_table() -> None:
    """Both give the same picture; one without a value gives none."""
    table = trials([0.5], [json.loads("{}")])
    scores = [0.5, 0.4, 0.6]
    as_array = draw_search(table, greater_is_better=False, curve=np.array(scores))
    as_table = draw_search(table, greater_is_better=False, curve=pd.DataFrame({"round": [1, 2, 3], "score": scores}))
    assert as_array["loss_curve"] == as_table["loss_curve"]
    for empty in (np.empty(0), np.full(3, np.nan), pd.DataFrame()):
        assert "loss_curve" not in draw_search(table, greater_is_better=False, curve=empty)
