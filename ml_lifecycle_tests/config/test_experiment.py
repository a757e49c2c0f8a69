"""An experiment has something to be compared with, and changes what makes a model only."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ml_lifecycle.config.experiment import ExperimentConfig


def _read(**keys: Any) -> ExperimentConfig:
    return ExperimentConfig.model_validate({"project": "p", "name": "a", "hypothesis": {"statement": "s"}, **keys})


def test_it_is_compared_with_the_tuned_model_unless_it_says_otherwise() -> None:
    """Another experiment has a name."""
    assert _read().reference == "tuned_model"
    assert _read(reference="b").reference == "b"


def test_it_is_not_compared_with_itself() -> None:
    """It would never be better."""
    with pytest.raises(ValidationError, match="expected another model as `reference`, got 'a'"):
        _read(reference="a")


def test_rows_and_splits_stay_the_same() -> None:
    """Else no two experiments could be compared."""
    with pytest.raises(ValidationError, match=r"got \['dataset'\]"):
        _read(changes={"dataset": {"drop": ["x"]}})
