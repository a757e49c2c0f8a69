"""loads_elsewhere: a real second process."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.release.elsewhere import _compare, _write_rows, judge_loads_elsewhere, main
from ml_lifecycle_tests.release import tiny


def test_another_process_predicts_the_same(packaged: Path) -> None:
    """To the last bit, from the folder alone."""
    rows = tiny.table(20, seed=2)
    verdict = judge_loads_elsewhere(packaged, rows, tiny.predictor().predict(rows))
    assert (verdict.gate, verdict.passed) == ("loads_elsewhere", True), verdict.summary


def test_other_predictions_fail_the_gate(packaged: Path) -> None:
    """One of them differs in its last bit, or there are more of them; what differs is told."""
    expected = np.array([0.1, 0.2, np.nan])
    assert _compare(expected, expected.copy()) == ("", 0.0)
    other = expected.copy()
    other[1] = np.nextafter(other[1], 1)
    assert "differ by up to 2.7" in _compare(expected, other)[0]
    assert "shape (2,), not (3,)" in _compare(expected, expected[:2])[0]
    verdict = judge_loads_elsewhere(packaged, tiny.table(3), np.zeros(3))
    assert (verdict.passed, verdict.facts["proof"]) == (False, "process")
    assert "differ by up to" in verdict.summary


def test_rows_keep_every_bit() -> None:
    """Numbers, missing cells and times go there and come back the same."""
    rows = pd.DataFrame(
        {
            "x": [0.1, np.nextafter(0.1, 1), np.nan, np.inf],
            "n": np.array([1, 2**53 + 1, -3, 0]),
            "at": pd.to_datetime(["2026-01-01T00:00:00.000000001", None, "2026-03-01", "2026-04-01"], format="ISO8601"),
            "city": ["Oslo", None, "Riga", "Rome"],
        }
    )
    split = json.loads(_write_rows(rows))
    again = pd.DataFrame(split["data"], columns=split["columns"])
    np.testing.assert_array_equal(again["x"].to_numpy(), rows["x"].to_numpy())
    assert again["n"].tolist() == rows["n"].tolist()
    assert pd.to_datetime(again["at"], format="ISO8601").equals(rows["at"])
    assert again["city"].tolist() == rows["city"].tolist()


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
    (tmp_path / "rows.json").write_text(_write_rows(rows))
    main(str(packaged), str(tmp_path / "rows.json"), str(tmp_path / "out.npy"))
    assert np.load(tmp_path / "out.npy").tolist() == tiny.predictor().predict(rows).tolist()


@pytest.mark.slow
def test_a_fresh_environment_predicts_the_same(packaged: Path) -> None:
    """With what requirements.txt names and nothing else, from the index that pip is set to."""
    rows = tiny.table(20, seed=2)
    verdict = judge_loads_elsewhere(packaged, rows, tiny.predictor().predict(rows), proof="environment")
    assert verdict.passed, verdict.summary
    assert verdict.facts["proof"] == "environment"


@pytest.mark.slow
def test_what_pip_cannot_install_fails_the_gate(packaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what pip said; and where there is no time to install, with that."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    rows = tiny.table(3)
    verdict = judge_loads_elsewhere(packaged, rows, np.zeros(3), proof="environment")
    assert not verdict.passed
    assert "could not be installed: ERROR: Could not find a version" in verdict.summary
    late = judge_loads_elsewhere(packaged, rows, np.zeros(3), proof="environment", install_seconds=0)
    assert "could not be made: the time was up" in late.summary
