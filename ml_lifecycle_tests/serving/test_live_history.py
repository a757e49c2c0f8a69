"""History that goes on: what a server has answered, what a log holds, and rows of one batch."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.rows import identify
from ml_lifecycle.features.history.windows import add_history
from ml_lifecycle.release.packaging import Package, same_predictions
from ml_lifecycle.serving.app import build_app
from ml_lifecycle.serving.batch import ArrivedRows, score_window
from ml_lifecycle.serving.champion import FixedProvider
from ml_lifecycle.serving.endpoint import judge_endpoint
from ml_lifecycle.serving.live_history import LiveHistory, catch_up
from ml_lifecycle.serving.log_frames import inputs_of
from ml_lifecycle.serving.prediction_log import PredictionLog, write_json
from ml_lifecycle.serving.scoring import Scorer
from ml_lifecycle_tests.release import tiny

_NOW = pd.Timestamp("2026-06-01").to_pydatetime()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """A package that looks back."""
    return tiny.history_package(tmp_path_factory.mktemp("live") / "package")


@pytest.fixture
def config(tmp_path: Path) -> ProjectConfig:
    """Its project."""
    return tiny.project(tmp_path, Kind.REGRESSION, features={"history": [tiny.HISTORY]})


def _later(count: int = 40, start: str = "2026-02-01") -> pd.DataFrame:
    """Applications after those of the package, several of the same customers, some without income, one stranger."""
    rows = tiny.table(count, seed=9).drop(columns=["repaid", "grade", "loss"])
    moments = pd.Timestamp(start) + pd.to_timedelta(np.arange(count) * 5, unit="h")
    customers = [f"c{number % 7}" for number in range(count - 1)]
    return rows.assign(applied=moments, customer=[*customers, "nobody"], id=[f"{start}{n}" for n in range(count)])


def _expected(package: Package, config: ProjectConfig, rows: pd.DataFrame) -> np.ndarray:
    """What the model says where history is computed on one table of all rows."""
    whole = add_history(pd.concat([tiny.table(), rows], ignore_index=True), config)
    return package.predictor.predict(whole.tail(len(rows)))


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    plain = rows.astype(object).where(rows.notna(), None)
    return [{str(name): cell for name, cell in row.items()} for row in plain.to_dict("records")]


def test_one_row_is_answered_as_many_are(package: Package) -> None:
    """Alone, together, as a frame: the same bits, and the same history in the log."""
    rows = _later()
    scorer = Scorer(package)
    alone = [scorer.score_rows([row])[0] for row in _records(rows)]
    together = scorer.score_rows(_records(rows))
    frame = scorer.score_frame(identify(rows))
    assert [answer.score for answer in alone] == [answer.score for answer in together] == frame.scores.tolist()
    given = pd.DataFrame([dict(answer.history or {}) for answer in alone])
    pd.testing.assert_frame_equal(given, frame.history, check_exact=True)


def test_a_row_without_entity_or_time_is_refused(package: Package) -> None:
    """They must be brought, for history hangs on them; one that cannot be read is named."""
    row = _records(_later(2))[0]
    for name in ("customer", "applied"):
        (answer,) = Scorer(package).score_rows([{key: cell for key, cell in row.items() if key != name}])
        assert [(item.column, item.check) for item in answer.failures] == [(name, "column_in_dataframe")]
    (answer,) = Scorer(package).score_rows([{**row, "applied": "soon"}])
    assert [(item.column, item.check) for item in answer.failures] == [("applied", "dtype")]


def test_history_that_a_row_brings_is_read_as_a_number(package: Package) -> None:
    """Taken as it is, or refused, by both ways."""
    row = _records(_later(2))[0]
    scorer = Scorer(package)
    good, bad = scorer.score_rows([{**row, "income__lag1": "7.5"}, {**row, "income__lag1": "much"}])
    assert good.history is not None
    assert good.history["income__lag1"] == 7.5
    assert [(item.column, item.check) for item in bad.failures] == [("income__lag1", "dtype")]
    framed = scorer.score_frame(identify(pd.DataFrame([{**row, "income__lag1": "7.5"}, {**row, "income__lag1": "x"}])))
    assert framed.scores.tolist() == [good.score]
    assert framed.rejected["column"].tolist() == ["income__lag1"]


def test_a_server_that_learns_answers_as_the_whole_table(package: Package, config: ProjectConfig) -> None:
    """Row after row: each sees those that were answered before it."""
    rows = _later()
    scorer, scores = Scorer(package), []
    for row in _records(rows):
        answers = scorer.score_rows([row])
        scores.append(answers[0].score)
        scorer.learn(answers)
    assert same_predictions(_expected(package, config, rows), np.array(scores))


def test_a_row_that_is_sent_twice_counts_once(package: Package) -> None:
    """As a client does that got no answer; and what lies in the future has not happened."""
    assert package.history is not None
    live = LiveHistory(package.history)
    row = {"customer": "c1", "applied": pd.Timestamp("2026-02-01"), "income": 5.0}
    asked = {"customer": "c1", "applied": pd.Timestamp("2026-03-01")}
    before = live.complete_row(package.history_columns, asked)
    live.learn([row, row], now=_NOW)
    live.learn([row, {**row, "applied": pd.Timestamp("2099-01-01")}], now=_NOW)
    after = live.complete_row(package.history_columns, asked)
    assert (after["income__lag1"], after["income__lag2"]) == (5.0, before["income__lag1"])


def test_only_so_many_entities_are_remembered(package: Package) -> None:
    """The one not heard of for longest is again as the package has it."""
    assert package.history is not None
    live = LiveHistory(package.history, entities=2)
    for number, name in enumerate(["c1", "c2", "c3"]):
        live.learn([{"customer": name, "applied": pd.Timestamp("2026-02-01"), "income": float(number)}], now=_NOW)
    asked = [{"customer": name, "applied": pd.Timestamp("2026-03-01")} for name in ("c1", "c2", "c3")]
    found = [live.complete_row(package.history_columns, row)["income__lag1"] for row in asked]
    assert found[0] == package.history.read_row(asked[0])["income__lag1"]
    assert found[1:] == [1.0, 2.0]


def test_windows_are_scored_as_the_whole_table_says(
    package: Package, config: ProjectConfig, log: PredictionLog
) -> None:
    """Rows of a window see one another, and those of the window before through the log; twice the same."""
    first, second = _later(), _later(start="2026-02-20")
    expected = _expected(package, config, pd.concat([first, second], ignore_index=True))
    found = []
    for rows in (first, second, second):
        arrived = ArrivedRows(identify(rows, "id"))
        scored = score_window(arrived, package, log=log, project=config, version="1")
        order = scored.predictions.set_index("row_key")["prediction"].loc[rows["id"]]
        found.append(order.to_numpy())
    assert same_predictions(expected, np.concatenate(found[:2]))
    assert same_predictions(found[1], found[2])


def test_the_log_keeps_what_the_model_was_given_and_learning_does_not_see_it(
    package: Package, config: ProjectConfig, log: PredictionLog
) -> None:
    """By server and by batch, for drift; rows to learn from have the columns of the source."""
    rows = _later(8)
    client = TestClient(build_app(config, FixedProvider(package, "1"), log))
    sent = [{**row, "income__lag2": 3.0} for row in _records(rows)]
    with client:
        assert client.post("/predict", content=write_json(sent)).status_code == 200
    start, end = pd.Timestamp("2026-02-01").to_pydatetime(), _NOW
    given = inputs_of(log.window("tiny", start, end), package.inputs)
    assert given["income__lag2"].tolist() == [3.0] * 8
    assert given["income__lag1"].notna().sum() >= 6
    truth = pd.DataFrame({"key": rows["id"], "outcome": 1.0, "known_at": _NOW})
    log.add_outcomes("tiny", truth)
    learnt = log.labelled_rows("tiny", target="loss", id_column="id", event_time="applied", entity="customer")
    assert set(learnt.columns) == {"id", "applied", "customer", "income", "age", "city", "loss"}


def test_a_server_learns_what_it_logs(package: Package, config: ProjectConfig, log: PredictionLog) -> None:
    """And says until when the package itself knows; a server without a log only tries."""
    first, second = _records(_later(3).assign(customer="c1"))[1:]
    seen = []
    for kept in (log, None):
        provider = FixedProvider(package, "1")
        with TestClient(build_app(config, provider, kept)) as client:
            client.post("/predict", content=write_json(first))
            assert client.get("/version").json()["history_until"] == "2026-01-10 23:00:00"
        (answer,) = provider.served.scorer.score_rows([second])
        assert answer.history is not None
        seen.append(answer.history["income__lag1"])
    frozen = package.coerce(pd.DataFrame([second]))["income__lag1"].iloc[0]
    assert seen == [first["income"], frozen]
    assert frozen != first["income"]


def test_a_version_that_begins_to_answer_knows_what_was_logged(package: Package, log: PredictionLog) -> None:
    """By whichever process; rows without history columns are looked up in it."""
    config = tiny.project(Path(), Kind.REGRESSION, features={"history": [tiny.HISTORY]})
    first, second = _records(_later(3).assign(customer="c1"))[1:]
    with TestClient(build_app(config, FixedProvider(package, "1"), log)) as client:
        client.post("/predict", content=write_json(first))
    caught_up = catch_up(package, log, "tiny", _NOW)
    (answer,) = Scorer(caught_up).score_rows([second])
    assert answer.history is not None
    assert answer.history["income__lag1"] == first["income"]
    assert catch_up(package, log, "tiny", pd.Timestamp("2026-01-01").to_pydatetime()) is package


def test_the_endpoint_answers_with_history_as_the_batch_does(package: Package, config: ProjectConfig) -> None:
    """The gate, over a real socket."""
    verdict = judge_endpoint(config, package, "1", package.example)
    assert verdict.passed, verdict.summary
