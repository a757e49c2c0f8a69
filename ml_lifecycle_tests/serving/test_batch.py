"""Batches: the rows of a window are scored once per version, and nothing vanishes."""

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import ConfigError, DataError
from ml_lifecycle.orchestration.lake_archive import LakeArchive
from ml_lifecycle.release.packaging import Package
from ml_lifecycle.serving.batch import ScoredWindow, read_window_rows, score_window
from ml_lifecycle.serving.compaction import move_to_archive
from ml_lifecycle.serving.log_frames import inputs_of, scores_of
from ml_lifecycle.serving.outcomes import collect_outcomes
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle_tests.release import tiny

_START, _END = datetime(2026, 1, 2), datetime(2026, 1, 3)  # noqa: DTZ001 - tables hold naive UTC


def _deliver(folder: Path, rows: pd.DataFrame, name: str = "rows_1.csv") -> None:
    (folder / "inbox").mkdir(exist_ok=True)
    rows.to_csv(folder / "inbox" / name, index=False)


def _arriving(rows: int = 72) -> pd.DataFrame:
    return tiny.table(rows, seed=7).drop(columns=["repaid", "grade", "loss"])


def _score(
    config: ProjectConfig, folder: Path, package: Package, log: PredictionLog, version: str = "1"
) -> ScoredWindow:
    rows = read_window_rows(config, folder, _START, _END)
    return score_window(rows, package, log=log, project=config, version=version)


def test_the_rows_of_the_window_are_scored_and_logged(
    config: ProjectConfig, tmp_path: Path, package: Package, log: PredictionLog
) -> None:
    """A day of 24 hours, by the package; the log holds the same predictions and inputs."""
    _deliver(tmp_path, _arriving())
    scored = _score(config, tmp_path, package, log)
    assert (len(scored.predictions), scored.new, scored.verdict.passed) == (24, 24, True)
    window = log.window("tiny", _START, _END)
    expected = package.predictor.predict(_arriving().iloc[24:48])
    np.testing.assert_array_equal(scores_of(window), expected)
    np.testing.assert_array_equal(scored.predictions["probability"], expected)
    assert window["row_key"].tolist() == scored.predictions["row_key"].tolist() == _arriving()["id"][24:48].tolist()
    assert window["entity"].tolist() == _arriving()["customer"][24:48].tolist()
    again = inputs_of(window, ["income", "age", "city"])
    pd.testing.assert_frame_equal(
        again, _arriving().loc[24:47, ["income", "age", "city"]].reset_index(drop=True), check_dtype=False
    )


def test_a_window_can_be_scored_again(
    config: ProjectConfig, tmp_path: Path, package: Package, log: PredictionLog
) -> None:
    """The same version adds nothing; rows that came late are added; what one version has answered, no other answers."""
    _deliver(tmp_path, _arriving().iloc[:40])
    assert _score(config, tmp_path, package, log).new == 16
    assert _score(config, tmp_path, package, log).new == 0
    _deliver(tmp_path, _arriving().iloc[36:], "rows_2.csv")
    second = _score(config, tmp_path, package, log)
    assert (len(second.predictions), second.new) == (24, 8)
    assert second.verdict.facts["repeated"] == 4
    later = _score(config, tmp_path, package, log, version="2")
    assert (len(later.predictions), later.new) == (24, 0)
    assert set(later.predictions["model_version"]) == {"2"}
    assert set(log.window("tiny", _START, _END)["model_version"]) == {"1"}


def test_a_window_that_was_archived_can_be_scored_again(
    config: ProjectConfig, tmp_path: Path, package: Package
) -> None:
    """Nothing is logged twice, by whichever way the first predictions have gone."""
    archive = LakeArchive(tmp_path / "lake")
    log = PredictionLog(f"sqlite:///{tmp_path / 'service.db'}", archive)
    _deliver(tmp_path, _arriving())
    assert _score(config, tmp_path, package, log).new == 24
    assert move_to_archive(log, archive, "tiny", _END).lines == 24
    assert _score(config, tmp_path, package, log).new == 0
    assert _score(config, tmp_path, package, log, version="2").new == 0
    assert len(log.window("tiny", _START, _END)) == 24


def test_bad_rows_are_set_aside_and_judged(
    config: ProjectConfig, tmp_path: Path, package: Package, log: PredictionLog
) -> None:
    """Rows in are rows scored and rejected; too many rejected fail the gate, with the reasons."""
    rows = _arriving()
    rows.loc[24:29, "city"] = "Mars"
    rows.loc[30, "applied"] = None
    _deliver(tmp_path, rows)
    scored = _score(config, tmp_path, package, log)
    assert len(scored.predictions) + scored.rejected["_row_id"].nunique() == 23
    assert not scored.verdict.passed
    assert scored.verdict.facts["reasons"] == {"city: isin": 6}
    assert (scored.verdict.facts["rejected"], scored.verdict.facts["undated"]) == (6, 1)


def test_when_nothing_arrives_nothing_is_scored(
    config: ProjectConfig, tmp_path: Path, package: Package, log: PredictionLog
) -> None:
    """No file, an empty file, a window without rows, or no batch source at all."""
    assert _score(config, tmp_path, package, log).new == 0
    _deliver(tmp_path, _arriving().iloc[:0])
    assert len(_score(config, tmp_path, package, log).predictions) == 0
    _deliver(tmp_path, _arriving().iloc[:10])
    assert _score(config, tmp_path, package, log).verdict.passed
    without = _score(tiny.project(tmp_path), tmp_path, package, log)
    assert "No rows arrived" in without.verdict.summary


def test_a_column_that_is_not_delivered_rejects_all_rows(
    config: ProjectConfig, tmp_path: Path, package: Package, log: PredictionLog
) -> None:
    """The gate says which one; nothing crashes."""
    _deliver(tmp_path, _arriving().drop(columns="income"))
    scored = _score(config, tmp_path, package, log)
    assert len(scored.predictions) == 0
    assert scored.verdict.facts["reasons"] == {"income: column_in_dataframe": 24}


def test_many_classes_and_no_id(tmp_path: Path, log: PredictionLog) -> None:
    """Without an id a row is named by its content; probabilities come back whole."""
    data: dict[str, Any] = {"id": None}
    config = tiny.project(tmp_path, Kind.MULTICLASS, dataset=data, serving={"batch": {"path": "{home}/inbox/*.csv"}})
    package = tiny.package(tmp_path / "package", Kind.MULTICLASS)
    _deliver(tmp_path, _arriving())
    scored = _score(config, tmp_path, package, log)
    assert scored.new == 24
    assert _score(config, tmp_path, package, log).new == 0
    assert scores_of(log.window("tiny", _START, _END)).shape == (24, 3)


def test_rows_that_cannot_be_placed_are_told(config: ProjectConfig, tmp_path: Path) -> None:
    """No event time in the configuration, or no such column in the file."""
    _deliver(tmp_path, _arriving().drop(columns="applied"))
    with pytest.raises(DataError, match="applied"):
        read_window_rows(config, tmp_path, _START, _END)
    timeless = config.model_copy(update={"dataset": config.dataset.model_copy(update={"event_time": None})})
    with pytest.raises(ConfigError, match=r"dataset\.event_time"):
        read_window_rows(timeless, tmp_path, _START, _END)


def test_outcomes_are_taken_in_once(
    config: ProjectConfig, tmp_path: Path, package: Package, log: PredictionLog
) -> None:
    """They join their predictions; what is missing in a row is not known yet."""
    assert collect_outcomes(tiny.project(tmp_path), tmp_path, log) == 0
    assert collect_outcomes(config, tmp_path, log) == 0
    _deliver(tmp_path, _arriving())
    _score(config, tmp_path, package, log)
    known = pd.DataFrame({"id": ["a24", "a25", "a26"], "repaid": ["yes", "no", None], "known": "2026-02-01"})
    _deliver(tmp_path, known, "outcomes_1.csv")
    assert collect_outcomes(config, tmp_path, log) == 2
    assert collect_outcomes(config, tmp_path, log) == 0
    window = log.window("tiny", _START, _END).set_index("row_key")
    assert window.loc[["a24", "a25"], "outcome"].tolist() == ["yes", "no"]
    assert window["outcome"].notna().sum() == 2
    _deliver(tmp_path, known.drop(columns="repaid"), "outcomes_1.csv")
    with pytest.raises(DataError, match="repaid"):
        collect_outcomes(config, tmp_path, log)


def test_production_rows_can_be_learnt_from(
    config: ProjectConfig, tmp_path: Path, package: Package, log: PredictionLog
) -> None:
    """Labelled rows go below the source rows, those that are known there already only once."""
    from ml_lifecycle.dataset.sources import read_rows

    source = tiny.table(30).drop(columns=["grade", "loss"])
    source.to_csv(tmp_path / "loans.csv", index=False)
    _deliver(tmp_path, _arriving())
    _score(config, tmp_path, package, log)
    known = pd.DataFrame({"id": ["a26", "a40"], "repaid": ["yes", "no"], "known": "2026-02-01"})
    _deliver(tmp_path, known, "outcomes_1.csv")
    collect_outcomes(config, tmp_path, log)
    production = log.labelled_rows("tiny", target="repaid", id_column="id", event_time="applied", entity="customer")
    data = config.dataset.model_copy(update={"drop": ()})
    rows = read_rows(data, root=tmp_path, home=tmp_path / "home", production=production, target="repaid")
    assert rows.file_rows == {"loans.csv": 30, "production": 1}
    assert set(rows.frame.columns) == {*source.columns, "_row_id"}
    added = rows.frame.set_index("id").loc["a40"]
    assert (added["repaid"], added["customer"]) == ("no", "c40")
    assert added["applied"] == _arriving()["applied"][40]
