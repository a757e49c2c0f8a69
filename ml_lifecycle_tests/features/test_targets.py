"""The target as what is averaged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import BriefConfig
from ml_lifecycle.errors import DataError, TargetError
from ml_lifecycle.features.targets import read_classes, read_target


def brief(task: str = "classification", **more: Any) -> BriefConfig:
    """A brief on the target y."""
    return BriefConfig.model_validate({"problem": "p", "task": task, "target": "y", **more})


@pytest.mark.parametrize(
    ("cells", "more", "classes"),
    [
        (["no", "yes", None], {}, ("yes",)),
        (["no", "yes"], {"positive_class": "no"}, ("no",)),
        ([1.0, 0.0], {"positive_class": 1}, ("1",)),
        (["a", "b", "c"], {}, ("a", "b", "c")),
    ],
)
def test_one_class_of_two_and_each_of_several(cells: list[Any], more: dict[str, Any], classes: tuple[str, ...]) -> None:
    """Of two classes one says all; of several each is told apart."""
    assert read_classes(pd.Series(cells), brief(**more)) == classes


def test_targets_become_numbers() -> None:
    """Numbers stay, a class becomes whether it is that class, missing stays missing."""
    values = pd.Series(["no", "yes", None])
    np.testing.assert_array_equal(read_target(values, brief(), ("yes",)).numbers[:, 0], [0, 1, np.nan])
    assert read_target(pd.Series(["a", "b"]), brief(), ("a", "b", "c")).labels == ("a", "b", "c")
    assert read_target(pd.Series([2, 3]), brief("regression"), ()).numbers.tolist() == [[2], [3]]


def test_what_cannot_be_averaged_is_refused() -> None:
    """No class at all, or text where numbers are wanted."""
    with pytest.raises(TargetError, match="no value"):
        read_target(pd.Series([None]), brief(), ())
    with pytest.raises(DataError, match=r"'y'.*'much'"):
        read_target(pd.Series(["much"]), brief("regression"), ())
