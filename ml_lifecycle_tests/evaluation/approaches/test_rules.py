"""The simplest approach that no costlier one surely beats is recommended, and the reasons are said."""

from __future__ import annotations

from dataclasses import replace
from math import nan
from typing import Any

import pytest

from ml_lifecycle.config.brief import Constraints
from ml_lifecycle.config.modeling import ApproachesConfig
from ml_lifecycle.evaluation.approaches.rules import Approach, find_objections, interpretability_of, recommend_approach
from ml_lifecycle.evaluation.inference.significance import PairedDifference
from ml_lifecycle.modeling.estimators import FAMILIES

SIMPLE = Approach("baseline", "prior", 0.6, 0.5, 0.7, 0.1, 0.01, 0.02, 1_000, "high")
MIDDLE = replace(SIMPLE, approach="pragmatic", name="linear", training_seconds=1.0)
BEST = Approach("best", "lightgbm", 0.9, 0.8, 1.0, 60.0, 0.1, 0.2, 5_000_000, "medium")


def _gain(low: float, high: float) -> PairedDifference:
    return PairedDifference((low + high) / 2, low, high, 0.5, 0.9, 0.8)


def _recommend(
    pragmatic: tuple[float, float],
    best: tuple[float, float],
    over_pragmatic: tuple[float, float],
    constraints: Constraints | None = None,
    **rules: Any,
) -> tuple[str | None, str]:
    gains = {
        ("pragmatic", "baseline"): _gain(*pragmatic),
        ("best", "baseline"): _gain(*best),
        ("best", "pragmatic"): _gain(*over_pragmatic),
    }
    found, reasons = recommend_approach(
        [SIMPLE, MIDDLE, BEST], gains, ApproachesConfig(**rules), constraints or Constraints()
    )
    return found, " ".join(reasons)


SURE, UNSURE = (0.1, 0.3), (-0.1, 0.3)


@pytest.mark.parametrize(
    ("pragmatic", "best", "over_pragmatic", "recommended"),
    [
        (SURE, SURE, SURE, "best"),
        (SURE, SURE, UNSURE, "pragmatic"),
        (UNSURE, UNSURE, UNSURE, "baseline"),
        (UNSURE, SURE, UNSURE, "pragmatic"),
        (UNSURE, UNSURE, SURE, "baseline"),
        ((nan, nan), (nan, nan), (nan, nan), "baseline"),
    ],
)
def test_the_simplest_that_is_not_surely_beaten_is_taken(
    pragmatic: tuple[float, float], best: tuple[float, float], over_pragmatic: tuple[float, float], recommended: str
) -> None:
    """A gain that may be chance does not pay for a costlier approach."""
    found, reasons = _recommend(pragmatic, best, over_pragmatic)
    assert found == recommended
    assert f"{recommended} (" in reasons
    assert "is recommended" in reasons


def test_a_gain_must_be_worth_the_cost() -> None:
    """With a least gain above what is sure, the simpler approach stays."""
    assert _recommend(SURE, SURE, SURE, min_gain=0.05)[0] == "best"
    found, reasons = _recommend(SURE, SURE, SURE, min_gain=0.15)
    assert found == "baseline"
    assert "not surely more than 0.15" in reasons


@pytest.mark.parametrize(
    ("rules", "constraints", "said"),
    [
        ({"max_training_seconds": 10}, {}, "training took 60 s"),
        ({"min_interpretability": "high"}, {}, "interpretability is medium, high is asked for"),
        ({}, {"latency_p95_ms": 0.1}, "up to 0.2 ms, 0.1 ms are allowed"),
        ({}, {"latency_p95_ms": 1.0, "latency_p99_ms": 0.15}, "0.15 ms are allowed"),
        ({}, {"model_size_mb": 1.0}, "size is 5 MB"),
    ],
)
def test_what_breaks_a_limit_is_out(rules: dict[str, Any], constraints: dict[str, float], said: str) -> None:
    """However good it is; the others are compared without it."""
    found, reasons = _recommend(SURE, SURE, SURE, Constraints(**constraints), **rules)
    assert found == "pragmatic"
    assert said in reasons


def test_when_all_break_a_limit_none_is_recommended() -> None:
    """And the last one that is left is taken because it is the last one."""
    found, reasons = _recommend(SURE, SURE, SURE, Constraints(latency_p95_ms=0.001))
    assert found is None
    assert "no approach keeps the limits" in reasons
    fast = replace(BEST, latency_p95_ms=0.0001)
    assert find_objections(fast, ApproachesConfig(), Constraints(latency_p95_ms=0.001)) == []
    recommended, why = recommend_approach([SIMPLE, fast], {}, ApproachesConfig(), Constraints(latency_p95_ms=0.001))
    assert recommended == "best"
    assert "the only one within the limits" in why[-1]


def test_every_family_has_a_grade() -> None:
    """Unknown ones, such as an ensemble, count as hard to follow."""
    grades = {name: interpretability_of(name) for name in FAMILIES}
    assert grades["linear"] == "high"
    assert grades["lightgbm"] == "medium"
    assert interpretability_of("last_value") == interpretability_of("tree") == "high"
    assert interpretability_of("blend") == "low"
