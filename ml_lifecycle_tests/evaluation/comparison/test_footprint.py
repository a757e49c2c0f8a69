"""Footprints measure time and size, and limits on them are held to."""

import time

import pytest

from ml_lifecycle.config.evaluation import ComparisonConfig
from ml_lifecycle.evaluation.comparison.footprint import Footprint, find_excess, measure_footprint

LIMITS = ComparisonConfig(max_latency_ratio=2, max_size_ratio=1.5)


def test_time_of_a_prediction_is_measured() -> None:
    """The row is what the model is called with; the median is in milliseconds."""
    seen: list[object] = []

    def predict_row(row: object) -> float:
        seen.append(row)
        time.sleep(0.001)
        return 0.5

    found = measure_footprint(predict_row, {"x": 1}, 123, training_seconds=4.0, repeats=10)
    assert seen[0] == {"x": 1}
    assert found.latency_p50_ms is not None
    assert found.latency_p95_ms is not None
    assert 1 <= found.latency_p50_ms <= found.latency_p95_ms
    assert (found.size_bytes, found.training_seconds) == (123, 4.0)


def test_what_is_within_the_limits_has_no_excess() -> None:
    """A little slower and larger is allowed, and without limits everything is."""
    champion = Footprint(1.0, 2.0, 100)
    assert find_excess(Footprint(1.5, 3.9, 149), champion, LIMITS) == []
    assert find_excess(None, None, ComparisonConfig()) == []


@pytest.mark.parametrize(("costs", "word"), [((1.0, 4.1, 100), "slower"), ((1.0, 2.0, 151), "larger")])
def test_what_is_beyond_a_limit_is_named(costs: tuple[float, float, int], word: str) -> None:
    """The sentence says by how much."""
    (sentence,) = find_excess(Footprint(*costs), Footprint(1.0, 2.0, 100), LIMITS)
    assert word in sentence
    assert "times the champion's" in sentence


def test_a_limit_on_what_was_not_measured_is_not_kept() -> None:
    """Nothing passes a limit by not being measured."""
    assert len(find_excess(None, Footprint(1.0, 2.0, 100), LIMITS)) == 2
