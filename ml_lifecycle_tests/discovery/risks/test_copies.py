"""The target under another name or encoding is found; honest columns that resemble it are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.discovery.risks.copies import find_copies
from ml_lifecycle.discovery.risks.rough_copies import agreement_of
from ml_lifecycle_tests.discovery.risks.tables import people, prices, read

RANDOM = np.random.default_rng(7)


def _wrong(values: pd.Series, share: float) -> pd.Series:
    return values.where(RANDOM.random(len(values)) >= share, values.map({"yes": "no", "no": "yes"}))


@pytest.mark.parametrize(
    "encode",
    [
        lambda y: y,
        lambda y: y.map({"yes": 0, "no": 7}),
        lambda y: y.map({"yes": "set"}),
        lambda y: _wrong(y, 0.03),
        lambda y: _wrong(y, 0.05).map({"yes": "b", "no": "a"}),
    ],
    ids=["renamed", "codes", "missing for one class", "3 % wrong", "letters, 5 % wrong"],
)
def test_copies_of_classes(encode: Callable[[pd.Series], pd.Series]) -> None:
    """However two classes are written."""
    frame = people()
    found = {f.columns[0]: f.confidence for f in find_copies(read(frame.assign(v=encode(frame["y"]))))}
    assert found["v"] >= 80
    assert set(found) == {"v"}


@pytest.mark.parametrize("classes", [2, 4])
def test_classes_cut_out_of_a_number(classes: int) -> None:
    """The number that a class was made of is found; one that only goes with it is not."""
    frame = people()
    delay = pd.Series(RANDOM.normal(size=len(frame)).round(2))
    cut = pd.qcut(delay, classes, labels=[f"band {code}" for code in range(classes)]).astype(object)
    near = delay + RANDOM.normal(0, 0.05, len(frame))
    found = {f.columns[0]: f.confidence for f in find_copies(read(frame.assign(y=cut, delay=delay, near=near)))}
    assert found["delay"] >= 95
    assert found.get("near", 0) < 80


@pytest.mark.parametrize(
    "encode",
    [
        lambda y: y * -3 + 5,
        lambda y: np.log(y - y.min() + 1),
        lambda y: y.round(-2),
        lambda y: pd.qcut(y, 4, labels=list("dbca")).astype(object),
        lambda y: (y > y.median()).astype(int),
    ],
    ids=["scaled", "logarithm", "rounded", "bands", "above the median"],
)
def test_copies_of_amounts(encode: Callable[[pd.Series], pd.Series]) -> None:
    """However an amount is written."""
    frame = prices()
    found = {f.columns[0]: f.confidence for f in find_copies(read(frame.assign(v=encode(frame["y"])), "regression"))}
    assert found["v"] >= 80


def test_one_hot_columns_of_many_classes() -> None:
    """Each says whether the class is a certain one; the number that the classes were cut out of says all."""
    frame = people()
    frame["y"] = pd.cut(frame["income"], [0, 2_000, 4_000, 1e9], labels=["low", "mid", "high"]).astype(object)
    found = list(find_copies(read(frame.assign(is_low=(frame["y"] == "low").astype(int)))))
    sure = {finding.name for finding in found if finding.confidence >= 80}
    assert sure == {"target_copy:income", "target_copy:is_low"}


def test_agreement_is_kappa() -> None:
    """Half right by chance is nothing, all right is one."""
    truth = np.array([0, 1] * 50)
    assert agreement_of(truth, truth) == 1
    assert agreement_of(1 - truth, truth) == 1
    assert abs(agreement_of(np.array([0, 0, 1, 1] * 25), truth)) < 1e-9
