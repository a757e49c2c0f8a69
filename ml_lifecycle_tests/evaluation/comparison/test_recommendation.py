"""What is recommended follows from the interval, the margin and the costs."""

import numpy as np

from ml_lifecycle.config.evaluation import ComparisonConfig
from ml_lifecycle.evaluation.comparison.recommendation import Company, recommend, recommend_among
from ml_lifecycle.evaluation.inference.significance import PairedDifference

LIMITS = ComparisonConfig(margin=0.01)


def _found(difference: float, reach: float) -> PairedDifference:
    return PairedDifference(difference, difference - reach, difference + reach, 0.5, 0.8, 0.8 - difference)


def test_what_is_surely_better_is_promoted() -> None:
    """The whole interval lies above the margin."""
    assert recommend(_found(0.03, 0.01), 500, LIMITS).action == "promote"


def test_what_is_better_but_too_costly_is_worked_on() -> None:
    """The reasons name the cost."""
    found = recommend(_found(0.03, 0.01), 500, LIMITS, excess=["It is slower."])
    assert found.action == "iterate"
    assert "It is slower." in found.reasons


def test_what_may_be_better_is_worked_on_with_the_rows_needed() -> None:
    """The interval reaches below and above the margin: more rows would tell."""
    found = recommend(_found(0.03, 0.025), 500, LIMITS)
    assert found.action == "iterate"
    assert found.rows_needed is not None
    assert found.rows_needed > 500
    assert f"{found.rows_needed:,} rows" in found.summary


def test_a_gain_within_the_margin_needs_another_model() -> None:
    """More rows alone would not promote what was seen to be too little."""
    found = recommend(_found(0.005, 0.02), 500, LIMITS)
    assert (found.action, found.rows_needed) == ("iterate", None)
    assert "change the model" in found.summary


def test_what_is_surely_not_better_is_given_up() -> None:
    """Even the upper bound is within the margin."""
    found = recommend(_found(-0.02, 0.01), 500, LIMITS)
    assert found.action == "abandon"
    assert "at best by -0.01" in found.summary


def test_what_cannot_be_compared_is_not_given_up() -> None:
    """Without an interval nothing is known."""
    assert recommend(PairedDifference(np.nan, np.nan, np.nan, 1.0, 0.5, 0.5), 9, LIMITS).action == "iterate"


def test_where_nothing_is_to_be_proven_nothing_is_said_of_rows() -> None:
    """With alpha 0.5 the interval has no width: no gain is called detectable, and no number of rows is asked for."""
    found = recommend(_found(0.0, 0.02), 500, ComparisonConfig(alpha=0.5))
    assert (found.detectable, found.rows_needed) == (None, None)


def test_among_many_candidates_a_gain_may_be_luck() -> None:
    """What is sure by itself is not promoted where its corrected p-value is above alpha."""
    found, limits = _found(0.03, 0.01), ComparisonConfig(margin=0.01)
    assert recommend_among(found, 500, limits, Company(3, 0.03, "holm")).action == "promote"
    lucky = recommend_among(found, 500, limits, Company(30, 0.3, "holm"))
    assert lucky.action == "iterate"
    assert "among 30 candidates" in lucky.summary


def test_folds_confirm_or_contradict() -> None:
    """A contradiction is neither promoted nor given up."""
    better, worse = _found(0.03, 0.01), _found(-0.03, 0.01)
    for rows, folds, action in (
        (better, better, "promote"),
        (better, worse, "iterate"),
        (worse, better, "iterate"),
        (worse, worse, "abandon"),
    ):
        assert recommend_among(rows, 500, LIMITS, Company(1, 0.01, "holm", folds)).action == action
