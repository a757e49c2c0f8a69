"""The gates say which of several things failed, by name and worst first."""

import json
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import FairnessLimits, RobustnessLimits, SliceLimits
from ml_lifecycle.evaluation import gates
from ml_lifecycle.evaluation.fairness.assessment import FairnessReport, assess_fairness
from ml_lifecycle.evaluation.inference.intervals import Interval
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle.evaluation.robustness import COLUMNS
from ml_lifecycle.evaluation.slicing.slices import find_slices
from ml_lifecycle.verdict import Verdict
from ml_lifecycle_tests.evaluation.problems import binary

DATA = binary(1500)


@dataclass(frozen=True)
class Judged:
    """What these gates read of an evaluation report."""

    metric: str = "roc_auc"
    primary: Interval = field(default_factory=lambda: Interval(0.8, 0.78, 0.82))
    fairness: FairnessReport | None = None
    robustness: pd.DataFrame | None = None
    slices: pd.DataFrame | None = None


def _plain(verdict: Verdict) -> Verdict:
    json.dumps(dict(verdict.facts), allow_nan=False)
    assert verdict.summary.endswith(".")
    return verdict


def test_a_ratio_below_its_limit_fails() -> None:
    """The four-fifths rule is judged where it is set, and named in the summary."""
    p = np.where(DATA.frame["sex"] == "m", DATA.p, DATA.p**3)
    limits = FairnessLimits(sensitive=("sex",), max_gap=0.95, min_ratio=0.8)
    unfair = Judged(fairness=assess_fairness(DATA.frame, DATA.y, p, Kind.BINARY, limits))
    verdict = _plain(gates.judge_fair(unfair, limits))
    assert verdict.blocks
    assert "surely below 0.8" in verdict.summary
    assert "sex = f to = m" in verdict.summary
    assert {item["measure"] for item in verdict.facts["measures"]} >= {"demographic_parity_ratio"}
    lenient = limits.model_copy(update={"min_ratio": None})
    fair = Judged(fairness=assess_fairness(DATA.frame, DATA.y, p, Kind.BINARY, lenient))
    assert _plain(gates.judge_fair(fair, lenient)).passed


def _robustness(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame([("none", "none", "", 0.8, 0.0, 0.0, 0.0, np.nan, False), *rows], columns=list(COLUMNS))


def test_each_kind_of_disturbance_is_held_to_its_own_limit() -> None:
    """A permuted column may cost far more than noise; what is farthest beyond its limit is named first."""
    noise = ("noise", "noise", "", 0.76, 0.05, 0.04, 0.06, 0.1, False)
    permuted = ("x permuted", "permuted", "x", 0.56, 0.3, 0.28, 0.32, 0.375, False)
    shift = ("city = b more often", "shift", "city", 0.66, 0.18, 0.15, 0.2, 0.1, True)
    limits = RobustnessLimits()
    passed = _plain(gates.judge_robust(Judged(robustness=_robustness(noise, permuted)), limits))
    assert passed.passed
    failed = _plain(gates.judge_robust(Judged(robustness=_robustness(noise, permuted, shift)), limits))
    assert not failed.passed
    assert failed.summary.startswith("city = b more often costs 18.0%")
    assert failed.facts["beyond"] == ["city = b more often"]
    assert "drift" in failed.advice


def test_a_column_that_brings_the_model_below_chance_is_named() -> None:
    """The summary says down to what it might have gone."""
    permuted = ("x permuted", "permuted", "x", 0.3, 0.6, 0.5, 0.7, 0.4, True)
    verdict = _plain(gates.judge_robust(Judged(robustness=_robustness(permuted)), RobustnessLimits()))
    assert not verdict.passed
    assert "x permuted costs 60.0% of roc_auc, surely 50.0%; down to chance there are 40%" in verdict.summary
    assert "source" in verdict.advice


def test_searched_slices_are_judged_where_the_table_says_so() -> None:
    """One that is surely worse fails the gate; one whose loss was to be expected is only told."""
    limits = SliceLimits(search=False)
    slices = find_slices(DATA.frame, DATA.y, DATA.p, METRICS["roc_auc"], limits)
    worse = slices.iloc[:1].assign(slice="city = a & sex = m", found="searched", sure_gap=0.5)
    judged = _plain(gates.judge_slices(Judged(slices=pd.concat([slices, worse])), limits))
    assert not judged.passed
    assert "city = a & sex = m (searched" in judged.summary
    assert judged.facts["found"] == {"declared": len(slices), "searched": 1}
    told = _plain(gates.judge_slices(Judged(slices=pd.concat([slices, worse.assign(judged=False)])), limits))
    assert told.passed
    assert [item["slice"] for item in told.facts["not_judged"]] == ["city = a & sex = m"]
    assert "Not applicable" in gates.judge_slices(Judged(slices=slices.iloc[:0]), limits).summary
