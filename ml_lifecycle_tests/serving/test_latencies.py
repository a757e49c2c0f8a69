"""Tests of `ml_lifecycle.serving.latencies`: percentiles counted by the database."""

import math
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.orchestration.lake_archive import LakeArchive
from ml_lifecycle.serving.compaction import move_to_archive
from ml_lifecycle.serving.latencies import Latencies, latencies_between
from ml_lifecycle.serving.prediction_log import LoggedPrediction, PredictionLog

_AT = datetime(2026, 5, 1)  # noqa: DTZ001 - naive UTC
_DAY = timedelta(days=1)


def _line(key: str, latency: float, request: str | None = "r") -> LoggedPrediction:
    return LoggedPrediction("p", "1", key, _AT, {}, 1.0, 1.0, latency_ms=latency, request_id=request, logged_at=_AT)


def test_rows_of_a_batch_have_no_caller_who_waits(tmp_path: Path) -> None:
    """Nor do those that were answered at another time."""
    url = f"sqlite:///{tmp_path / 'service.db'}"
    PredictionLog(url).append([_line("a", 2.5), _line("b", 7.5), _line("c", 99.0, request=None)])
    found = latencies_between(url, "p", _AT, _AT + _DAY)
    assert found.answers == 2
    assert found.percentile(0.95) == pytest.approx(7.5)
    assert latencies_between(url, "p", _AT + _DAY, _AT + 2 * _DAY).answers == 0


def test_lines_in_the_archive_count_too(tmp_path: Path) -> None:
    """Where they lie is no reason to forget how long somebody waited."""
    url, archive = f"sqlite:///{tmp_path / 'service.db'}", LakeArchive(tmp_path / "lake")
    log = PredictionLog(url, archive)
    log.append([_line("a", 2.5), _line("b", 7.5)])
    move_to_archive(log, archive, "p", _AT + _DAY)
    assert latencies_between(url, "p", _AT, _AT + _DAY, archive).percentile(1.0) == pytest.approx(7.5)


def test_of_nothing_there_is_no_percentile() -> None:
    """It is not zero."""
    assert math.isnan(Latencies().percentile(0.5))


@given(st.lists(st.integers(0, 500), min_size=1, max_size=50), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_the_one_of_all_values(values: list[int], share: float) -> None:
    """However they were counted, and however the counts were added up."""
    found = Latencies.sum(Latencies({value: 1}) for value in values)
    expected = np.quantile(np.array(values), share, method="inverted_cdf") / 100
    assert found.percentile(share) == pytest.approx(float(expected))
