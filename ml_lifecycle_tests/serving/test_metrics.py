"""Counts, and that the workers of one server tell the sum of all."""

from pathlib import Path

import orjson

from ml_lifecycle.serving.metrics import Metrics


def test_latencies_fall_into_buckets_that_add_up() -> None:
    """An upper end belongs to its bucket, as Prometheus has it."""
    metrics = Metrics("tiny")
    for seconds in (0.0005, 0.0006, 100.0):
        metrics.count_request("/predict", 200, seconds)
    text = metrics.to_text({}, {}).decode()
    for end, count in (("0.0005", 1), ("0.001", 2), ("10.0", 2), ("+Inf", 3)):
        assert f'request_seconds_bucket{{project="tiny",path="/predict",le="{end}"}} {count}' in text
    assert 'request_seconds_count{project="tiny",path="/predict"} 3' in text


def test_names_are_escaped() -> None:
    """A column may be called anything."""
    metrics = Metrics("tiny")
    metrics.count_failure('a "b"\n\\', "isin")
    assert 'column="a \\"b\\"\\n\\\\"' in metrics.to_text({}, {}).decode()


def test_workers_tell_the_sum(tmp_path: Path) -> None:
    """Also that of one that has ended; a broken file is passed over."""
    metrics = Metrics("tiny", tmp_path)
    metrics.count_request("/predict", 200, 0.1)
    metrics.count_rows("7", "champion", 2)
    metrics.share()
    (own,) = tmp_path.glob("*.json")
    (tmp_path / "1.json").write_bytes(own.read_bytes())
    (tmp_path / "2.json").write_text("{")
    total = metrics.total()
    assert total.requests["/predict\t200"] == 2
    assert total.rows["7\tchampion"] == 4
    assert orjson.loads(own.read_bytes())["rows"] == {"7\tchampion": 2}
