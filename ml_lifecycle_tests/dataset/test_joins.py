"""Columns are added to rows, and no row is lost, doubled or moved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.sources import JoinConfig
from ml_lifecycle.dataset.joins import join
from ml_lifecycle.errors import DataError


def config(**keywords: Any) -> JoinConfig:
    """A join with some file."""
    return JoinConfig.model_validate({"source": {"path": "further.csv"}, **keywords})


def test_equal_keys() -> None:
    """Rows keep their order, those without a partner get missing cells; the report counts."""
    rows = pd.DataFrame({"tail": ["c", "a", None, "a"], "x": [1, 2, 3, 4]}, index=[9, 8, 7, 6])
    planes = pd.DataFrame({"tail": ["a", "b", "c", None], "seats": [10, 20, 30, 40], "maker": ["A", "B", "C", "D"]})
    joined = join(rows, planes, config(by=["tail"]))
    assert joined.frame["seats"].tolist()[:2] == [30, 10]
    assert joined.frame["maker"].isna().tolist() == [False, False, True, False]
    assert joined.frame["x"].tolist() == [1, 2, 3, 4]
    report = joined.report
    assert (report.rows, report.matched, report.unmatched, report.further_rows, report.used) == (4, 3, 1, 4, 2)
    assert report.columns == ("seats", "maker")
    assert report.to_dict()["by"] == ["tail"]


def test_an_inner_join_leaves_rows_out() -> None:
    """And whole numbers stay whole where each row has a partner."""
    joined = join(
        pd.DataFrame({"k": [1, 2, 3]}), pd.DataFrame({"k": [3, 1], "v": [30, 10]}), config(by=["k"], how="inner")
    )
    assert joined.frame.to_dict("list") == {"k": [1, 3], "v": [10, 30]}
    assert joined.frame.index.tolist() == [0, 1]
    assert joined.report.left_out == 1


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([1, 2], ["1", "2"]),
        ([1.0, 2.0], ["1", "2"]),
        (["1", "2"], pd.Categorical([1, 2])),
        ([1, 2], [1.0, 2.0]),
        (["2024-01-01", "2024-01-02"], pd.to_datetime(["2024-01-01", "2024-01-02"])),
        ([2**60, 2**60 + 1], [str(2**60), str(2**60 + 1)]),
    ],
)
def test_key_types_are_reconciled(left: Any, right: Any) -> None:
    """A key that was read as a number here and as text there is the same key."""
    joined = join(pd.DataFrame({"k": left}), pd.DataFrame({"k": right, "v": [1, 2]}), config(by=["k"]))
    assert joined.frame["v"].tolist() == [1, 2]


def test_codes_with_zeros_are_not_numbers() -> None:
    """007 is not 7."""
    joined = join(pd.DataFrame({"k": ["007"]}), pd.DataFrame({"k": [7], "v": [1]}), config(by=["k"]))
    assert joined.report.matched == 0


def test_keys_that_repeat_are_refused() -> None:
    """The message names the keys and how many rows repeat; missing keys do not count."""
    further = pd.DataFrame({"a": ["x", "x", "y", None, None], "b": [1, 1, 1, 1, 1], "v": range(5)})
    rows = pd.DataFrame({"a": ["x"], "c": [1]})
    with pytest.raises(DataError, match=r"keys a, b .* got 1 repeated rows, such as a 'x', b 1.*as_of"):
        join(rows, further, config(by=["a", "c"], right_by=["a", "b"]))
    assert join(rows, further.drop(index=1), config(by=["a", "c"], right_by=["a", "b"])).frame["v"].tolist() == [0]


def test_as_of_looks_back_only() -> None:
    """The newest row that is not later, of the same key, and not older than the tolerance; the last of equal ones."""
    rows = pd.DataFrame({"at": ["2024-01-01 10:30", "2024-01-01 09:00", None, "soon"], "port": ["A", "A", "A", "A"]})
    weather = pd.DataFrame(
        {
            "time": pd.to_datetime(["2024-01-01 11:00", "2024-01-01 10:00", "2024-01-01 10:00", "2024-01-01 10:15"]),
            "port": ["A", "A", "A", "B"],
            "wind": [9, 1, 2, 3],
        }
    )
    given_config = config(by=["port"], as_of="at", right_as_of="time")
    joined = join(rows, weather, given_config)
    assert joined.frame["wind"].tolist()[0] == 2
    assert joined.frame["wind"].isna().tolist() == [False, True, True, True]
    assert "time" not in joined.frame
    late = join(rows, weather, given_config.model_copy(update={"tolerance": "29min"}))
    assert late.report.matched == 0
    exact = join(
        weather.rename(columns={"time": "at"})[["at"]],
        weather[["time", "wind"]],
        config(as_of="at", right_as_of="time"),
    )
    assert exact.frame["wind"].tolist() == [9, 2, 2, 3]


def test_names_do_not_clash() -> None:
    """A prefix or a choice of columns is asked for, never a silent suffix."""
    rows, further = pd.DataFrame({"k": [1], "v": [0]}), pd.DataFrame({"k": [1], "v": [5], "w": [6]})
    with pytest.raises(DataError, match=r"would replace columns.*got v\..*prefix"):
        join(rows, further, config(by=["k"]))
    assert join(rows, further, config(by=["k"], prefix="far_")).frame.columns.tolist() == ["k", "v", "far_v", "far_w"]
    assert join(rows, further, config(by=["k"], columns=["w"])).frame.columns.tolist() == ["k", "v", "w"]


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"by": ["kk"]}, r"'kk'.*did you mean 'k'"),
        ({"by": ["k"], "right_by": ["j"]}, r"right_by.*'j'"),
        ({"by": ["k"], "columns": ["j"]}, r"columns.*'j'"),
        ({"as_of": "k", "right_as_of": "v", "prefix": "far_"}, "does not hold times"),
    ],
)
def test_wrong_names_are_told(keywords: dict[str, Any], said: str) -> None:
    """With the key of the YAML."""
    with pytest.raises(DataError, match=said):
        join(pd.DataFrame({"k": ["a"]}), pd.DataFrame({"k": ["a"], "v": ["b"]}), config(**keywords))


def test_an_empty_further_source_joins_nothing() -> None:
    """Its columns are there, without values."""
    joined = join(pd.DataFrame({"k": [1, 2]}), pd.DataFrame({"k": [], "n": [], "t": []}), config(by=["k"]))
    assert joined.frame[["n", "t"]].isna().to_numpy().all()
    assert join(pd.DataFrame({"k": []}), pd.DataFrame({"k": [1], "v": [2]}), config(by=["k"])).frame.empty


KEYS = st.one_of(st.none(), st.integers(0, 4))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(KEYS, KEYS), max_size=15), st.dictionaries(st.tuples(KEYS, KEYS), st.integers(), max_size=10))
def test_equal_keys_as_a_dictionary_would(rows: list[Any], further: dict[Any, int]) -> None:
    """A left join is a look-up for each row."""
    left = pd.DataFrame(rows, columns=["a", "b"], dtype=object)
    right = pd.DataFrame([(*key, str(value)) for key, value in further.items()], columns=["a", "b", "v"], dtype=object)
    joined = join(left, right, config(by=["a", "b"])).frame
    expected = [str(further[key]) if None not in key and key in further else None for key in rows]
    assert [None if pd.isna(value) else value for value in joined["v"]] == expected


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(KEYS, st.integers(0, 20)), max_size=15),
    st.lists(st.tuples(KEYS, st.integers(0, 20)), max_size=15),
    st.integers(0, 10),
)
def test_as_of_as_brute_force_would(rows: list[Any], further: list[Any], hours: int) -> None:
    """For each row all further rows are looked at."""
    left = _timed(rows)
    right = _timed(further).assign(v=np.arange(len(further)))
    joined = join(left, right, config(by=["k"], as_of="at", tolerance=f"{hours}h")).frame
    assert joined["v"].astype(object).where(joined["v"].notna(), None).tolist() == [
        _brute_force(key, at, further, hours) for key, at in rows
    ]


def _timed(rows: list[Any]) -> pd.DataFrame:
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta([at for _, at in rows], unit="h")
    return pd.DataFrame({"k": pd.Series([key for key, _ in rows], dtype="float64"), "at": times})


def _brute_force(key: Any, at: int, further: list[Any], hours: int) -> int | None:
    found = [(when, place) for place, (k, when) in enumerate(further) if k == key and at - hours <= when <= at]
    return max(found)[1] if found and key is not None else None
