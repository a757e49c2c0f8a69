"""Tests of `ml_lifecycle.config.brief`."""

import math

import pytest
from pydantic import ValidationError

from ml_lifecycle.config.brief import BriefConfig, Criterion


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        (">= 0.80", 0.8, True),
        ("> 0.8", 0.8, False),
        ("<= 1e-3", 0.001, True),
        ("< -2", -3.0, True),
        ("< 2", 2.0, False),
    ],
)
def test_criteria_compare_with_their_limit(text: str, value: float, *, holds: bool) -> None:
    """Each of the four comparisons means what it says, at the limit too."""
    brief = BriefConfig(problem="p", task="regression", target="y", success_criteria={"rmse": text})
    assert brief.criteria[0].holds(value) is holds


def test_nan_satisfies_no_criterion() -> None:
    """A metric that could not be computed never passes."""
    assert not Criterion("rmse", "<=", 1.0).holds(math.nan)
    assert not Criterion("r2", ">=", 0.0).holds(math.nan)


def test_a_criterion_that_is_no_comparison_is_refused() -> None:
    """The error says what was expected and what came."""
    with pytest.raises(ValidationError, match=r"expected a comparison .* for .roc_auc., got .0\.8"):
        BriefConfig(problem="p", task="classification", target="y", success_criteria={"roc_auc": "0.8"})


def test_a_criterion_reads_as_a_person_would_write_it() -> None:
    """For messages."""
    assert str(Criterion("roc_auc", ">=", 0.8)) == "roc_auc >= 0.8"
