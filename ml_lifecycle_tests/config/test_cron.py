"""Cron expressions are taken where Dagster takes them, and refused with what is wrong."""

from __future__ import annotations

import dagster as dg
import pytest

from ml_lifecycle.config.cron import find_cron_fault

_GOOD = [
    "15 0 * * *",
    "*/5 * * * *",
    "0 0-23/2 1,15 * 1-5",
    "0 9 * jan-mar mon",
    "0 0 29 2 *",
    "0 0 1 JAN sun",
    "59 23 31 12 7",
    "@daily",
    "@hourly",
    "0  0 * * 0",
    "0 22-4 * * fri-mon",
    "0 0 L * ?",
    "0 0 * * mon#2,L5",
]
_BAD = [
    ("", "0 fields"),
    ("daily", "1 fields"),
    ("* * * *", "4 fields"),
    ("60 * * * *", "the minute '60'"),
    ("0 24 * * *", "the hour '24'"),
    ("0 0 0 * *", "the day of the month '0'"),
    ("0 0 * 13 *", "the month '13'"),
    ("0 0 * * 8", "the day of the week '8'"),
    ("*/0 * * * *", "the minute '*/0'"),
    ("a * * * *", "the minute 'a'"),
    ("1,,2 * * * *", "the minute '1,,2'"),
    ("0 0 30 2 *", "the day 30 of month 2, which never comes"),
    ("@sometimes", "1 fields"),
]


def _dagster_takes(text: str) -> bool:
    try:
        dg.ScheduleDefinition(name="a", job_name="b", cron_schedule=text)
    except dg.DagsterInvalidDefinitionError:
        return False
    return True


@pytest.mark.parametrize("text", _GOOD)
def test_expressions_are_taken(text: str) -> None:
    """As Dagster takes them."""
    assert find_cron_fault(text) == ""
    assert _dagster_takes(text)


@pytest.mark.parametrize(("text", "fault"), _BAD)
def test_what_is_none_is_told(text: str, fault: str) -> None:
    """And Dagster would not take it either."""
    assert find_cron_fault(text) == fault
    assert not _dagster_takes(text)
