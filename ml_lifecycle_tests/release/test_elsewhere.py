"""loads_elsewhere: a real second process."""

from pathlib import Path

import numpy as np

from ml_lifecycle.release.elsewhere import judge_loads_elsewhere, main
from ml_lifecycle_tests.release import tiny


def test_another_process_predicts_the_same(packaged: Path) -> None:
    """To the last bit, from the folder alone."""
    rows = tiny.table(20, seed=2)
    verdict = judge_loads_elsewhere(packaged, rows, tiny.predictor().predict(rows))
    assert (verdict.gate, verdict.passed) == ("loads_elsewhere", True), verdict.summary


def test_other_predictions_fail_the_gate(packaged: Path) -> None:
    """One of twenty differs in its last bit; the figure is told."""
    rows = tiny.table(20, seed=2)
    expected = tiny.predictor().predict(rows)
    expected[3] = np.nextafter(expected[3], 1)
    verdict = judge_loads_elsewhere(packaged, rows, expected)
    assert not verdict.passed
    assert "differ by up to" in verdict.summary


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
