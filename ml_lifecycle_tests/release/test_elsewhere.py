"""loads_elsewhere: a real second process."""

from pathlib import Path

import numpy as np

from ml_lifecycle.release.elsewhere import _compare, judge_loads_elsewhere, main
from ml_lifecycle_tests.release import tiny


def test_another_process_predicts_the_same(packaged: Path) -> None:
    """To the last bit, from the folder alone."""
    rows = tiny.table(20, seed=2)
    verdict = judge_loads_elsewhere(packaged, rows, tiny.predictor().predict(rows))
    assert (verdict.gate, verdict.passed) == ("loads_elsewhere", True), verdict.summary


def test_other_predictions_fail_the_gate() -> None:
    """One of them differs in its last bit, or there are more of them; what differs is told."""
    expected = np.array([0.1, 0.2, np.nan])
    assert _compare(expected, expected.copy()).passed
    other = expected.copy()
    other[1] = np.nextafter(other[1], 1)
    assert "differ by up to 2.7" in _compare(expected, other).summary
    assert "shape (2,), not (3,)" in _compare(expected, expected[:2]).summary


def test_a_process_that_fails_or_is_late_fails_the_gate(packaged: Path) -> None:
    """Rows without a column the model needs; and no time at all."""
    rows = tiny.table(5).drop(columns="city")
    failed = judge_loads_elsewhere(packaged, rows, np.zeros(5))
    assert not failed.passed
    assert "city" in failed.summary
    late = judge_loads_elsewhere(packaged, rows, np.zeros(5), seconds=0.01)
    assert not late.passed
    assert "did not answer" in late.summary


def test_the_other_process_writes_what_it_predicts(packaged: Path, tmp_path: Path) -> None:
    """What runs there, called here."""
    rows = tiny.table(5)
    rows.to_parquet(tmp_path / "rows.parquet")
    main(str(packaged), str(tmp_path / "rows.parquet"), str(tmp_path / "out.npy"))
    assert np.load(tmp_path / "out.npy").tolist() == tiny.predictor().predict(rows).tolist()
