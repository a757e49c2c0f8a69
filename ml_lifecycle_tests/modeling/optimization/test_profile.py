"""Tests of `ml_lifecycle.modeling.optimization.profile`."""

from __future__ import annotations

import platform
import time

import numpy as np
import pytest

from ml_lifecycle.modeling.optimization.forms import Form, Runtime
from ml_lifecycle.modeling.optimization.profile import allocated_bytes, measure_profiles
from ml_lifecycle_tests.modeling.optimization.small import boosted, new_rows


class _Slow:
    """Predicts zeros, and takes its time for each row of a batch."""

    kept = np.zeros(0)

    def predict(self, values: np.ndarray) -> np.ndarray:
        time.sleep(0.002)
        return np.zeros(len(values))

    def predict_row(self, values: np.ndarray) -> float:
        time.sleep(0.001)
        return float(len(values) * 0)


def _load_slow() -> Runtime:
    slow = _Slow()
    slow.kept = np.ones(1_000_000)
    return slow


def test_a_profile_tells_time_size_memory_and_loading() -> None:
    """Of every form in the same run; percentiles are in order."""
    slow = Form("slow", _Slow().predict, _load_slow, 7)
    found = measure_profiles([Form.of("original", boosted()), slow], new_rows(), batch_rows=50)
    native, other = found["original"], found["slow"]
    assert other.row_p50_ms >= 1
    assert other.batch_p50_ms >= 2
    assert other.size_bytes == 7
    assert 0 < native.row_p50_ms < other.row_p50_ms
    assert native.row_p50_ms <= native.row_p95_ms <= native.row_p99_ms
    assert native.batch_rows == 50
    assert native.size_bytes > len(boosted().text)
    assert native.load_ms > 0
    assert set(native.to_dict()) >= {"row_p99_ms", "batch_p99_ms", "memory_bytes"}


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only the GNU C library counts")
def test_memory_is_what_stays_allocated() -> None:
    """A million numbers of eight bytes are eight megabytes."""
    found = measure_profiles([Form("slow", _Slow().predict, _load_slow, 7)], new_rows(), batch_rows=1)["slow"]
    assert found.memory_bytes == pytest.approx(8_000_000, rel=0.2)
    assert (allocated_bytes() or 0) > 0
