"""The extractor: fitted once, and one row gives what the batch gives."""

# ruff: noqa: DTZ001, PD011 - naive moments are what is tested; a matrix is no frame

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.features import FeaturesConfig
from ml_lifecycle.errors import DataError, PackageError
from ml_lifecycle.features.derived.functions import reads
from ml_lifecycle.features.extraction import FeatureExtractor
from ml_lifecycle.features.targets import TargetNumbers

CONFIG = FeaturesConfig(datetime_parts=("month", "weekday", "hour"), max_categories=3)
TRAIN = pd.DataFrame(
    {
        "opened": pd.to_datetime(["2026-01-01T00:00", "2026-02-03T10:30", "2026-03-01T00:00", None]),
        "age": [30.0, 41.5, None, 22.0],
        "rooms": [1, 2, 3, 4],
        "owner": [True, False, True, True],
        "city": ["Riga", "Oslo", "Riga", None],
        "zone": pd.Series([1, 1.0, "x", True], dtype=object),
        "empty": [None] * 4,
        "when": pd.date_range("2026-01-01", periods=4, freq="D"),
    }
)
COLUMNS = [column for column in TRAIN if column != "when"]
EXTRACTOR = FeatureExtractor.fit(TRAIN, CONFIG, columns=COLUMNS, event_time="when")
NAMES = ("age", "rooms", "owner", "city", "zone", "opened__month", "opened__weekday", "opened__hour")

nothing = st.sampled_from([None, float("nan"), pd.NA, pd.NaT])
numbers = st.floats() | st.integers(-(2**66), 2**66) | st.booleans() | st.floats(width=32).map(np.float32) | nothing
labels = (
    st.sampled_from(["Riga", "Oslo", "1", "x", "True", "", 1, 1.0, True, 0, False, 2, -0.0, "new"])
    | st.text(max_size=3)
    | st.floats()
    | st.integers()
    | nothing
)
moments = (
    st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1), timezones=st.none() | st.timezones())
    | st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)).map(datetime.isoformat)
    | st.dates()
    | nothing
)
rows = st.fixed_dictionaries(
    {"opened": moments, "age": numbers, "rooms": numbers, "owner": numbers, "city": labels, "zone": labels}
)


def equal_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two float32 arrays agree to the last bit, NaN being NaN."""
    return bool(((a.view(np.uint32) == b.view(np.uint32)) | (np.isnan(a) & np.isnan(b))).all())


def as_objects(batch: list[dict[str, Any]]) -> pd.DataFrame:
    """A frame that holds exactly the given cells."""
    return pd.DataFrame({name: pd.Series([row[name] for row in batch], dtype=object) for name in batch[0]})


@settings(max_examples=60, deadline=None)
@given(st.lists(rows, min_size=1, max_size=5))
def test_one_row_gives_what_the_batch_gives(batch: list[dict[str, Any]]) -> None:
    """Whatever the cells hold, single rows and the batch agree to the last bit, also after storing."""
    served = FeatureExtractor.from_dict(json.loads(json.dumps(EXTRACTOR.to_dict())))
    matrix = EXTRACTOR.transform(as_objects(batch)).values
    assert all(equal_bits(served.transform_row(row), line) for row, line in zip(batch, matrix, strict=True))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(), st.integers(-(2**63), 2**63 - 1), st.booleans()), min_size=1, max_size=4))
def test_typed_columns_give_what_objects_give(cells: list[tuple[float, int, bool]]) -> None:
    """Columns of numpy types take the fast path and still agree with cells."""
    batch = [dict(TRAIN.iloc[1]) | {"age": age, "rooms": rooms, "owner": owner} for age, rooms, owner in cells]
    typed = as_objects(batch).astype({"age": "float64", "rooms": "int64", "owner": "bool", "city": "string"})
    matrix = EXTRACTOR.transform(typed).values
    assert all(equal_bits(EXTRACTOR.transform_row(row), line) for row, line in zip(batch, matrix, strict=True))


@settings(max_examples=30, deadline=None)
@given(st.lists(rows, min_size=1, max_size=6), st.data())
def test_a_subset_is_transformed_as_the_whole(batch: list[dict[str, Any]], data: st.DataObject) -> None:
    """The transform of some rows is some rows of the transform."""
    picked = data.draw(st.lists(st.integers(0, len(batch) - 1), min_size=1))
    frame = as_objects(batch)
    whole, part = EXTRACTOR.transform(frame).values, EXTRACTOR.transform(frame.iloc[picked]).values
    assert equal_bits(whole[picked], part)


EVERYTHING = FeaturesConfig.model_validate(
    {
        "max_categories": 3,
        "columns": {
            "age": {"impute": "median", "scale": "standard", "log": True, "missing_flag": True},
            "rooms": {"bins": 2, "clip": (0.1, 0.9)},
            "owner": {"encode": "frequency"},
            "city": {"encode": "one_hot", "missing_flag": True},
            "zone": {"encode": "target", "smoothing": 1.0},
            "opened": {"parts": ["week", "hour", "is_weekend", "timestamp"], "cyclic": True},
            "city__x__zone": {"encode": "hash", "buckets": 5},
            "initial": {"encode": "text", "components": 2},
        },
        "crosses": [["city", "zone"]],
        "ratios": [{"numerator": "age", "denominator": "rooms"}],
        "functions": ["ml_lifecycle_tests.features.test_extraction:describe"],
    }
)


@reads("age", "city", "opened")
def describe(frame: pd.DataFrame) -> pd.DataFrame:
    """A feature function of numbers, text and dates."""
    months = frame["opened"].dt.month * frame["age"]
    return pd.DataFrame({"months": months, "initial": frame["city"].str[:2] + " " + frame["city"]})


RICH = FeatureExtractor.fit(
    TRAIN,
    EVERYTHING,
    columns=COLUMNS,
    event_time="when",
    target=TargetNumbers(np.array([[1.0], [0.0], [0.0], [1.0]]), ("",)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(rows, min_size=1, max_size=4), st.data())
def test_every_encoder_keeps_the_laws(batch: list[dict[str, Any]], data: st.DataObject) -> None:
    """With all encoders: rows alone, some of the rows, and a stored extractor give the bits of the batch."""
    frame = as_objects(batch)
    whole = RICH.transform(frame).values
    served = FeatureExtractor.from_dict(json.loads(json.dumps(RICH.to_dict())))
    assert served == RICH
    assert all(equal_bits(served.transform_row(row), line) for row, line in zip(batch, whole, strict=True))
    picked = data.draw(st.lists(st.integers(0, len(batch) - 1), min_size=1))
    assert equal_bits(whole[picked], served.transform(frame.iloc[picked]).values)
    names = data.draw(st.lists(st.sampled_from(RICH.names), min_size=1, unique=True))
    selected = RICH.select(names)
    expected = RICH.transform(frame).select(names)
    assert equal_bits(selected.transform(frame[list(selected.columns)]).values, expected.values)
    assert equal_bits(selected.transform_row(batch[0]), expected.values[0])
    assert selected.categorical == expected.categorical


def test_every_feature_knows_its_sources() -> None:
    """Features of several columns name them all, in the order in which they are read."""
    assert RICH.sources_of("months") == ("age", "city", "opened")
    assert RICH.sources_of("age_per_rooms") == ("age", "rooms")
    assert RICH.source_of("age_per_rooms") == "age"
    assert {source for name in RICH.names for source in RICH.sources_of(name)} == set(RICH.columns)


def test_an_extractor_of_the_first_version_is_read() -> None:
    """Packages that know nothing of derived columns still serve."""
    state = EXTRACTOR.to_dict()
    del state["derivations"], state["origins"]
    assert FeatureExtractor.from_dict(state) == EXTRACTOR


def test_features_are_named_and_traced() -> None:
    """Names, codes, sources and skipped columns are known after fitting."""
    assert EXTRACTOR.names == NAMES
    assert EXTRACTOR.categorical == (3, 4)
    assert EXTRACTOR.source_of("opened__hour") == "opened"
    assert EXTRACTOR.skipped == {"empty": "no value in the training rows"}
    assert EXTRACTOR.required_columns == ("rooms", "owner", "zone")


def test_parts_of_the_event_time_are_features_where_asked() -> None:
    """With event_time_parts the event time is taken apart, although it is not among the columns."""
    config = CONFIG.model_copy(update={"event_time_parts": True})
    extractor = FeatureExtractor.fit(TRAIN, config, columns=["age"], event_time="when")
    assert extractor.names == ("age", "when__month", "when__weekday", "when__hour")


@pytest.mark.parametrize("names", [["opened__hour", "city"], ["zone", "opened__weekday", "opened__month", "age"]])
def test_a_selection_computes_what_the_whole_has(names: list[str]) -> None:
    """A restricted extractor gives the selected features in the order given, for batch and row, and needs no more."""
    selected = EXTRACTOR.select(names)
    expected = EXTRACTOR.transform(TRAIN).select(names)
    found = selected.transform(TRAIN[list(selected.columns)])
    assert equal_bits(found.values, expected.values)
    assert (found.names, found.categorical) == (expected.names, expected.categorical)
    row = TRAIN[list(selected.columns)].iloc[1].to_dict()
    assert equal_bits(selected.transform_row(row), expected.values[1])
    assert FeatureExtractor.from_dict(selected.to_dict()) == selected


def test_unknown_features_are_named() -> None:
    """Asking for a feature that was never made fails with its name."""
    with pytest.raises(DataError, match="'ghost'"):
        EXTRACTOR.select(["age", "ghost"])
    with pytest.raises(DataError, match="'ghost'"):
        EXTRACTOR.source_of("ghost")


def test_an_absent_column_is_missing_where_it_may_be() -> None:
    """A column with gaps in train may be absent; one without must be there: for batch and row alike."""
    row = TRAIN.drop(columns=["age", "opened"]).iloc[0].to_dict()
    batch = EXTRACTOR.transform(pd.DataFrame([row]))
    assert equal_bits(EXTRACTOR.transform_row(row), batch.values[0])
    assert np.isnan(batch.values[0, [0, 5, 6, 7]]).all()
    del row["rooms"]
    with pytest.raises(DataError, match="'rooms' is absent"):
        EXTRACTOR.transform_row(row)
    with pytest.raises(DataError, match="'rooms' is absent"):
        EXTRACTOR.transform(pd.DataFrame([row]))


@pytest.mark.parametrize(("column", "value"), [("age", "old"), ("opened", "soon"), ("rooms", "3")])
def test_a_bad_cell_is_refused_by_row_and_batch(column: str, value: str) -> None:
    """Text where a number or a date was learnt is refused, with column and value, in both paths."""
    row = TRAIN.iloc[0].to_dict() | {column: value}
    for attempt in (lambda: EXTRACTOR.transform_row(row), lambda: EXTRACTOR.transform(pd.DataFrame([row]))):
        with pytest.raises(DataError, match=f"'{column}'.*'{value}'"):
            attempt()


def test_an_empty_batch_has_all_features() -> None:
    """No rows give a matrix of no rows."""
    assert EXTRACTOR.transform(TRAIN.head(0)).values.shape == (0, len(NAMES))


def test_nothing_to_learn_from_is_refused() -> None:
    """A frame without a usable column, and one that lacks a column, are refused."""
    with pytest.raises(DataError, match="no column can be a feature"):
        FeatureExtractor.fit(TRAIN, CONFIG, columns=["empty"], event_time=None)
    with pytest.raises(DataError, match="'ghost' is absent"):
        FeatureExtractor.fit(TRAIN, CONFIG, columns=["ghost"], event_time=None)


def test_two_features_of_one_name_are_refused() -> None:
    """A column called like a part of a date would make two features of one name."""
    frame = TRAIN.assign(opened__month=1.0)
    with pytest.raises(DataError, match="opened__month"):
        FeatureExtractor.fit(frame, CONFIG, columns=["opened", "opened__month"], event_time=None)


@pytest.mark.parametrize(
    "damage", [{"names": ["age"]}, {"encoders": [{"kind": "magic"}]}, {"skipped": 3}, {"encoders": None}]
)
def test_a_damaged_state_is_refused(damage: dict[str, Any]) -> None:
    """A state that does not fit together is an error of the package."""
    with pytest.raises(PackageError, match="extractor cannot be read"):
        FeatureExtractor.from_dict(EXTRACTOR.to_dict() | damage)
