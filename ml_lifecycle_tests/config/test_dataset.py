"""Tests of `ml_lifecycle.config.dataset` and `splits`: keys that would do nothing without another one are refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ml_lifecycle.config.dataset import DatasetConfig


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"incremental": "event_time"}, "event_time"),
        ({"until": "2024-01-01"}, "event_time"),
        ({"split": {"method": "random", "gap_days": 3}}, "gap_days"),
        ({"split": {"validation_from": "2024-01-01"}}, "together"),
    ],
)
def test_a_key_without_what_it_needs_is_refused(keys: dict[str, Any], said: str) -> None:
    """When the YAML is read, not in the midst of a run."""
    with pytest.raises(ValidationError, match=said):
        DatasetConfig.model_validate({"sources": [{"path": "x"}], **keys})


def test_keys_that_fit_are_taken() -> None:
    """A gap where the method is left open may come to use."""
    asked = {"incremental": "event_time", "event_time": "at", "split": {"gap_days": 3}}
    assert DatasetConfig.model_validate({"sources": [{"path": "x"}], **asked}).split.gap_days == 3
