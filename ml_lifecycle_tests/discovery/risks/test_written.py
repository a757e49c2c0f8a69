"""Numbers and times inside texts are read, whichever way they are written."""

from __future__ import annotations

import pandas as pd
import pytest

from ml_lifecycle.discovery.risks.written import read_numbers, read_times

NUMBERS = [round(1_000 + 37.25 * step, 2) for step in range(60)]


@pytest.mark.parametrize(
    ("form", "swap"),
    [("{:.2f}", ""), ("USD {:,.2f}", ""), ("{:,.2f} EUR", ",."), ("{:.2f}", ".,"), ("K{:.2f}x", ""), ("-{:,.2f}", "")],
)
def test_spellings_of_numbers(form: str, swap: str) -> None:
    """Signs, units, grouped digits and a comma before the decimals."""
    texts = [form.format(number) for number in NUMBERS]
    if swap:
        texts = [text.translate(str.maketrans({",": ".", ".": ","})) for text in texts]
    (found,) = read_numbers(pd.Series([*texts, None]))
    assert found.abs().tolist()[:-1] == NUMBERS
    assert found.isna().iloc[-1]


def test_texts_of_people_hold_no_numbers() -> None:
    """Neither words, nor a number here and there."""
    assert not list(read_numbers(pd.Series(["called again", "wants 2 rooms", "no answer"] * 20)))
    assert not list(read_numbers(pd.Series([None, None], dtype=object)))


@pytest.mark.parametrize("form", ["%b %d, %Y %H:%M", "%B %d, %Y", "%d %b %Y", "%d-%b-%y", "%m/%d/%Y %I:%M %p"])
def test_spellings_of_times(form: str) -> None:
    """Names of months, and hours of half a day."""
    times = pd.Series(pd.date_range("2023-01-05", periods=40, freq="D"))
    found = read_times(times.dt.strftime(form))
    assert found is not None
    assert (found == times).all()


def test_names_of_people_are_no_times() -> None:
    """May and April are names as well."""
    assert read_times(pd.Series(["May Smith", "April Jones"] * 10)) is None
