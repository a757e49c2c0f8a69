"""Tests of `ml_lifecycle.modeling.optimization.choice`."""

from __future__ import annotations

from math import nan

import pytest

from ml_lifecycle.modeling.optimization.choice import Difference, choose, judge_quality_kept

#: Rounds and bytes.
COSTS = {"original": (10, 100), "prune": (5, 60), "prune_refit": (5, 55), "int8": (10, 40)}


@pytest.mark.parametrize(
    ("by", "allowed", "chosen"),
    [
        ("fastest", {"prune", "prune_refit", "int8"}, "prune_refit"),
        ("fastest", {"int8"}, "int8"),
        ("fastest", set(), "original"),
        ("smallest", {"prune", "int8"}, "int8"),
        ("original", {"prune", "int8"}, "original"),
    ],
)
def test_the_rule_decides(by: str, allowed: set[str], chosen: str) -> None:
    """Only among the forms that are allowed and the model as it is; the other figure decides between equals."""
    assert choose(COSTS, by, allowed=allowed) == chosen  # type: ignore[arg-type]


def test_quality_is_lost_when_all_of_the_interval_lies_below_the_tolerance() -> None:
    """Or when nothing can be said of it."""
    worse = Difference(0.80, -0.02, -0.03, -0.01)
    assert worse.is_lost(0.0)
    assert worse.is_lost(0.005)
    assert not worse.is_lost(0.01)
    assert not Difference(0.81, -0.01, -0.03, 0.01).is_lost(0.0)
    assert Difference(0.81, nan, nan, nan).is_lost(1.0)


def test_the_gate_stops_a_form_that_lost_quality() -> None:
    """With the figures that decided, and what to do."""
    verdict = judge_quality_kept("int8", Difference(0.80, -0.02, -0.03, -0.01), metric="roc_auc", tolerance=0.0)
    assert verdict.blocks
    assert "int8 loses the quality: roc_auc changes by -0.02 [-0.03, -0.01]" in verdict.summary
    assert verdict.facts["difference"] == -0.02
    assert "modeling.optimize.tolerance" in verdict.advice


def test_the_gate_lets_pass_what_keeps_its_quality() -> None:
    """And the model as it is, which was compared with nothing."""
    kept = Difference(0.82, 0.0, -0.01, 0.01)
    assert judge_quality_kept("prune", kept, metric="roc_auc", tolerance=0.0).passed
    assert judge_quality_kept("original", None, metric="roc_auc", tolerance=0.0).passed
