"""The audit on public tables: what an engineer would want to be told, and little else."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from ml_lifecycle.discovery.audit.audit import audit_rows
from ml_lifecycle.discovery.audit.html import render_audit
from ml_lifecycle.discovery.audit.report import DataAudit

pytestmark = pytest.mark.real

_NOW = datetime(2026, 1, 1)  # noqa: DTZ001 - times without a zone, as in the tables
_MOST = 20  # findings on a table of some tens of columns; more would not be read


def _names(audit: DataAudit) -> set[str]:
    assert len(audit.findings) <= _MOST
    return {finding.name for finding in audit.findings}


def test_adult(data: Path) -> None:
    """Question marks, the capped gain, education twice, sex and race; and the page is drawn."""
    frame = pd.read_csv(data / "adult.csv.gz")
    audit = audit_rows(frame, target="income", now=_NOW)
    assert {
        "missing_code:?",
        "missing_code:capital-gain",
        "correlated:education+education-num",
        "sensitive:sex",
        "sensitive:race",
        "sensitive:age",
        "duplicate_rows",
    } <= _names(audit)
    assert len(render_audit(audit, frame, "adult")) < 8_000_000


def test_bank(data: Path) -> None:
    """`unknown`, 999 for never called, rates that move with time and with each other."""
    names = _names(audit_rows(pd.read_csv(data / "bank_additional_full.csv.gz", sep=";"), target="y", now=_NOW))
    assert {
        "missing_code:unknown",
        "missing_code:pdays",
        "correlated:emp.var.rate+euribor3m",
        "drift",
    } <= names


def test_bike(data: Path) -> None:
    """The counter, two temperatures, and the hours without humidity."""
    audit = audit_rows(pd.read_csv(data / "bike_sharing_hour.csv"), target="cnt", now=_NOW)
    assert audit.scope.history == "dteday"
    assert {"identifier:instant", "correlated:temp+atemp", "missing_code:hum"} <= _names(audit)


def test_elec2_has_little_to_tell(data: Path) -> None:
    """A clean stream: what moves, and a long tail."""
    audit = audit_rows(pd.read_csv(data / "elec2.csv.gz"), target="class", now=_NOW)
    assert audit.counts["warning"] == 0
    assert {finding.kind for finding in audit.findings} <= {"drift", "skewed", "outliers"}


def test_kddcup(data: Path) -> None:
    """Repeated rows, columns of noughts, classes of two rows; many notes of a kind are one."""
    names = _names(audit_rows(pd.read_parquet(data / "kddcup99_10pct.parquet"), target="label", now=_NOW))
    assert {"duplicate_rows", "constant:is_host_login", "near_constant", "rare_classes:label"} <= names


def test_flights_and_weather(data: Path) -> None:
    """What cancelled flights lack together; the storm that never was; hours that were not recorded."""
    flights = pd.read_parquet(data / "nycflights13_flights.parquet")
    assert {"constant:year", "missing_together:dep_time+5 more", "target_missing:arr_delay"} <= _names(
        audit_rows(flights, target="arr_delay", now=_NOW)
    )
    weather = pd.read_parquet(data / "nycflights13_weather.parquet")
    assert {"outliers:wind_speed", "time_holes:time_hour", "missing_over_time:wind_gust"} <= _names(
        audit_rows(weather, now=_NOW)
    )


def test_wine(data: Path) -> None:
    """Two files one below the other, and wines that were entered twice."""
    names = _names(audit_rows(pd.read_csv(data / "wine_quality.csv"), target="quality", now=_NOW))
    assert {"duplicate_rows", "drift", "outliers:free sulfur dioxide", "outliers:density"} <= names


def test_a_wide_table_stays_readable(data: Path) -> None:
    """Three hundred columns, a quarter of them constant."""
    names = _names(audit_rows(pd.read_parquet(data / "lambdarank_train.parquet"), target="relevance", now=_NOW))
    assert {"constant", "correlated"} <= names
