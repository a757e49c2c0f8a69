"""Tests of `ml_lifecycle.monitoring.profile` and `column_profile`."""

from __future__ import annotations

import numpy as np
import orjson
import pandas as pd
import pytest

from ml_lifecycle.config.drift import DriftConfig
from ml_lifecycle.errors import PackageError
from ml_lifecycle.monitoring.column_profile import BOOLEAN, CATEGORICAL, NUMERIC, profile_column
from ml_lifecycle.monitoring.drift import assess_drift
from ml_lifecycle.monitoring.profile import ReferenceProfile
from ml_lifecycle.parts import Storable

CONFIG = DriftConfig(html_rows=100)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2, 3], NUMERIC),
        ([1.5, None], NUMERIC),
        ([None, None], NUMERIC),
        ([True, False], BOOLEAN),
        ([True, None], BOOLEAN),
        (["a", None], CATEGORICAL),
        (pd.Categorical(["a", "b"]), CATEGORICAL),
        (pd.Series(["a", "b"], dtype="string"), CATEGORICAL),
        (pd.Series([1, None], dtype="Int64"), NUMERIC),
    ],
)
def test_the_kind_of_a_column_is_read_from_its_values(values: object, kind: str) -> None:
    """Numbers, truth values and labels are told apart, whatever type carries them."""
    found = profile_column(pd.Series(values), "x", 10)
    assert found is not None
    assert found.kind == kind


def test_times_are_skipped_and_said_to_be() -> None:
    """A time moves on by itself: it is not watched."""
    times = pd.date_range("2026-01-01", periods=3)
    frame = pd.DataFrame({"at": times, "day": times.date, "took": times - times[0], "x": [1, 2, 3]})
    fitted = ReferenceProfile.fit(frame, None, CONFIG)
    assert [column.name for column in fitted.columns] == ["x"]
    assert set(fitted.skipped) == {"at", "day", "took"}
    assert fitted.sample.columns.tolist() == ["x"]


def test_a_named_column_of_codes_is_compared_by_label() -> None:
    """Numbers that are codes become labels, the same whether read as integers or, with a gap, as floats."""
    fitted = ReferenceProfile.fit(pd.DataFrame({"code": [3, 1, 1]}), None, CONFIG, categorical=["code"])
    assert fitted.columns[0].labels == ("1", "3")
    assert fitted.categorical == ("code",)
    counts, other, missing, _ = fitted.columns[0].count(pd.Series([1.0, 3.0, 9.0, np.nan]))
    assert (counts.tolist(), other, missing) == ([1, 1], 1, 1)


def test_rare_labels_of_a_wide_column_do_not_seem_to_vanish() -> None:
    """Thousands of labels: those kept are frequent, so that a fresh sample of the same source has no drift."""
    generator = np.random.default_rng(0)
    draw = [pd.DataFrame({"zip": generator.integers(0, 3000, rows).astype(str)}) for rows in (10_000, 1000)]
    fitted = ReferenceProfile.fit(draw[0], None, CONFIG)
    assert len(fitted.to_bytes()) < 20_000
    assert not assess_drift(fitted, draw[1], None, CONFIG).drifted


def test_labels_yet_unseen_are_expected() -> None:
    """Labels seen once foretell unseen ones (Good): a long tail's next new labels are no drift."""
    generator = np.random.default_rng(1)
    draw = [pd.DataFrame({"tag": generator.zipf(1.6, rows).clip(0, 500).astype(str)}) for rows in (600, 400)]
    fitted = ReferenceProfile.fit(draw[0], None, CONFIG)
    assert fitted.columns[0].other > 5
    assert not assess_drift(fitted, draw[1], None, CONFIG).drifted


def test_the_profile_is_small_plain_json_and_comes_back_whole() -> None:
    """Bytes that any language reads; read back, the profile counts the same."""
    frame = pd.DataFrame({"x": [1.0, np.nan, np.inf], "b": [True, False, True], "c": ["a", None, "b"]})
    fitted = ReferenceProfile.fit(frame, np.array([0.1, 0.2, 0.3]), CONFIG)
    assert isinstance(fitted, Storable)
    text = fitted.to_bytes()
    assert orjson.loads(text)["sample"]["x"] == [1.0, None, None]
    again = ReferenceProfile.from_parts(fitted.to_parts())
    assert (again.columns, again.predictions, again.rows) == (fitted.columns, fitted.predictions, 3)
    assert again.sample["b"].tolist() == [True, False, True]


def test_the_sample_is_capped() -> None:
    """However many rows there are, html_rows of them are kept."""
    fitted = ReferenceProfile.fit(pd.DataFrame({"x": np.arange(1000)}), None, CONFIG)
    assert (len(fitted.sample), fitted.rows) == (100, 1000)


@pytest.mark.parametrize("text", [b"no json", b'{"format": 99}', b"{}", b"[]"])
def test_bytes_that_are_no_profile_are_refused(text: bytes) -> None:
    """A damaged or foreign file is a PackageError that says what to do."""
    with pytest.raises(PackageError, match="train the model again"):
        ReferenceProfile.from_bytes(text)


def test_rows_of_a_profile_are_counted_over_all_cells() -> None:
    """Intervals, other and missing sum up to the rows."""
    fitted = profile_column(pd.Series([1, 1, 2, 2, None, "x"], dtype=object), "x", 10, categorical=True)
    assert fitted is not None
    assert fitted.missing == 1
    assert fitted.rows == 6 + 1, "one label seen once: one more is expected unseen"
