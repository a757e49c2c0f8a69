"""The prediction log: what was answered is in it once, and joins what became known later."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.errors import DataError, StateError
from ml_lifecycle.serving.log_frames import inputs_of, scores_of
from ml_lifecycle.serving.log_lines import LoggedFailure, random_id
from ml_lifecycle.serving.prediction_log import Feedback, LoggedPrediction, PredictionLog, id_of

_DAY = datetime(2026, 1, 1)  # noqa: DTZ001 - the log holds naive UTC


def _entry(key: str, **changes: Any) -> LoggedPrediction:
    said: dict[str, Any] = {
        "project": "p",
        "model_version": "1",
        "row_key": key,
        "event_time": _DAY,
        "inputs": {"income": 5.5, "city": "Riga"},
        "prediction": "yes",
        "score": 0.75,
        **changes,
    }
    return LoggedPrediction(**{"prediction_id": id_of(said["project"], said["model_version"], key), **said})


def _outcomes(**known: tuple[Any, datetime]) -> pd.DataFrame:
    rows = [(key, outcome, when) for key, (outcome, when) in known.items()]
    frame = pd.DataFrame(rows, columns=["key", "outcome", "known_at"])
    return frame.assign(known_at=pd.to_datetime(frame["known_at"]))


def _window(log: PredictionLog, **more: Any) -> pd.DataFrame:
    return log.window("p", _DAY, _DAY + timedelta(days=1), **more)


def test_a_row_is_kept_once_per_version(log: PredictionLog) -> None:
    """Tried again it is not new; another version's prediction of it is."""
    assert log.append([_entry("a"), _entry("b")]) == 2
    assert log.append([_entry("a"), _entry("b"), _entry("c")]) == 1
    assert log.append([_entry("a")]) == 0
    assert log.append([_entry("a", model_version="2")]) == 1
    assert log.append([]) == 0
    assert log.count("p") == 4


def test_predictions_without_a_fixed_name_are_all_kept(log: PredictionLog) -> None:
    """A server answers the same row as often as it is asked."""
    twice = [LoggedPrediction("p", "1", "a", _DAY, {}, "yes", 0.5) for _ in range(2)]
    assert log.append(twice) == 2


def test_a_window_gives_inputs_answers_and_outcomes(log: PredictionLog) -> None:
    """Numbers are numbers, what is not known is missing, the end is not included."""
    late = _entry("late", event_time=_DAY + timedelta(days=1))
    log.append(
        [_entry("a", entity="c1", latency_ms=2.5), _entry("b", score=float("nan"), inputs=b'{"city":null}'), late]
    )
    log.add_outcomes("p", _outcomes(a=("no", _DAY + timedelta(days=20))))
    window = _window(log).set_index("row_key")
    assert sorted(window.index) == ["a", "b"]
    first = window.loc["a"]
    assert (first["income"], first["city"], first["prediction"], first["score"]) == (5.5, "Riga", "yes", 0.75)
    assert (first["outcome"], first["outcome_at"]) == ("no", pd.Timestamp("2026-01-21"))
    assert (first["model_version"], first["role"], first["entity"], first["latency_ms"]) == ("1", "champion", "c1", 2.5)
    assert window.loc["b", ["outcome", "outcome_at", "income", "city", "score"]].isna().all()
    assert window["event_time"].dtype == np.dtype("datetime64[ns]")


def test_outcomes_are_joined_as_of_a_time(log: PredictionLog) -> None:
    """What became known later was not known then."""
    log.append([_entry("a")])
    log.add_outcomes("p", _outcomes(a=(1, _DAY + timedelta(days=20))))
    assert _window(log, as_of=_DAY + timedelta(days=19))["outcome"].isna().all()
    assert _window(log, as_of=_DAY + timedelta(days=20))["outcome"].tolist() == [1]


def test_only_one_role_is_given(log: PredictionLog) -> None:
    """What another version said beside the champion is not the champion's."""
    log.append([_entry("a"), _entry("a", role="shadow", model_version="2")])
    assert _window(log)["model_version"].tolist() == ["1"]
    assert _window(log, role="shadow")["model_version"].tolist() == ["2"]


def test_an_empty_window_has_all_columns(log: PredictionLog) -> None:
    """So that nobody needs to ask whether there is anything."""
    window = _window(log)
    assert len(window) == 0
    assert {"event_time", "model_version", "outcome", "score"} <= set(window.columns)
    assert scores_of(window).shape == (0,)
    assert inputs_of(window, ["income"]).shape == (0, 1)


def test_probabilities_of_many_classes_come_back_as_they_were(log: PredictionLog) -> None:
    """To the last bit, in the order of the classes."""
    given_scores = np.random.default_rng(0).dirichlet([1, 1, 1], 4)
    log.append([_entry(str(place), score=row.tolist()) for place, row in enumerate(given_scores)])
    window = _window(log)
    place = window["row_key"].astype(int).to_numpy()
    np.testing.assert_array_equal(scores_of(window), given_scores[place])
    np.testing.assert_array_equal(window["score"], given_scores[place].max(axis=1))


def test_inputs_that_are_called_like_columns_of_the_log_keep_their_values(log: PredictionLog) -> None:
    """A credit score is no prediction."""
    log.append([_entry("a", inputs={"score": 700, "score_1": 3, "outcome": "pending", "city": "Oslo"})])
    window = _window(log)
    assert window["score"].tolist() == [0.75]
    assert window["outcome"].isna().all()
    assert scores_of(window).tolist() == [0.75]
    inputs = inputs_of(window, ["score", "score_1", "outcome", "city", "absent"])
    assert inputs.iloc[0, :4].tolist() == [700, 3, "pending", "Oslo"]
    assert inputs["absent"].isna().all()


def test_of_several_outcomes_the_last_known_holds(log: PredictionLog) -> None:
    """Whatever the order in which they come; what is not newer is not new."""
    first, second = _DAY + timedelta(days=1), _DAY + timedelta(days=2)
    log.append([_entry("a"), _entry("b")])
    assert log.add_outcomes("p", _outcomes(a=("no", first), b=("yes", second))) == 2
    assert log.add_outcomes("p", _outcomes(a=("no", first), b=("no", first))) == 0
    assert log.add_outcomes("p", _outcomes(a=("yes", second))) == 1
    both = pd.concat([_outcomes(c=("old", first)), _outcomes(c=("new", second))])
    assert log.add_outcomes("p", both) == 1
    assert log.add_outcomes("p", _outcomes()) == 0
    assert _window(log).set_index("row_key")["outcome"].to_dict() == {"a": "yes", "b": "yes"}


def test_outcomes_without_a_key_a_value_or_a_time_are_refused(log: PredictionLog) -> None:
    """They say nothing about any row."""
    with pytest.raises(DataError, match="known_at"):
        log.add_outcomes("p", _outcomes(a=("no", _DAY)).drop(columns="known_at"))
    with pytest.raises(DataError, match="missing cells"):
        log.add_outcomes("p", _outcomes(a=(None, _DAY)))


def test_labelled_rows_look_like_rows_of_the_source(log: PredictionLog) -> None:
    """Each row once, by its last prediction, with its id, its times and the target; only rows with an outcome."""
    known = _DAY + timedelta(days=9)
    log.append([_entry("a"), _entry("b", entity="c7"), _entry("a", model_version="2", inputs={"income": 6.0})])
    log.append([_entry("unlabelled")])
    log.add_outcomes("p", _outcomes(a=("no", known), b=("yes", known + timedelta(days=1)), stranger=("no", known)))
    columns = {"id_column": "id", "event_time": "applied", "entity": "customer", "outcome_time": "known"}
    rows = log.labelled_rows("p", target="repaid", **columns).set_index("id")
    assert rows["repaid"].to_dict() == {"a": "no", "b": "yes"}
    assert rows["income"].to_dict() == {"a": 6.0, "b": 5.5}
    assert rows.loc["b", "customer"] == "c7"
    assert rows.loc["a", ["applied", "known"]].tolist() == [pd.Timestamp(_DAY), pd.Timestamp(known)]
    assert log.labelled_count("p") == 2
    assert len(log.labelled_rows("p", target="repaid", since=known)) == 1
    bare = log.labelled_rows("p", target="repaid")
    assert set(bare.columns) == {"income", "city", "repaid"}
    assert log.labelled_rows("q", target="repaid").empty


def test_feedback_finds_its_row_by_the_prediction(log: PredictionLog) -> None:
    """Whatever version and role was asked; ids that nobody has given out are told."""
    log.append([_entry("a"), _entry("b"), _entry("a", model_version="2", role="canary")])
    later = _DAY + timedelta(days=3)
    told = [Feedback(id_of("p", "2", "a"), "no", later), Feedback("nobody's", "yes"), Feedback(id_of("p", "1", "b"), 3)]
    assert log.add_feedback("p", told) == ["nobody's"]
    assert _window(log).set_index("row_key")["outcome"].to_dict() == {"a": "no", "b": 3}
    assert log.add_feedback("q", told[:1]) == [told[0].prediction_id]
    assert log.add_feedback("p", []) == []
    log.add_feedback("p", [Feedback(told[0].prediction_id, "yes", later + timedelta(days=1))])
    assert _window(log, role="canary")["outcome"].tolist() == ["yes"]
    with pytest.raises(DataError, match="missing cells"):
        log.add_feedback("p", [Feedback(told[0].prediction_id, None)])  # type: ignore[arg-type]


def test_evidence_is_what_each_role_has_answered_since(log: PredictionLog) -> None:
    """By the time of the log, with outcomes where they have come, without the inputs."""
    moments = [_DAY + timedelta(days=5, minutes=minute) for minute in range(4)]
    roles = ["champion", "canary", "shadow", "champion"]
    log.append(
        [
            _entry(str(place), role=role, logged_at=moment, latency_ms=float(place))
            for place, (role, moment) in enumerate(zip(roles, moments, strict=True))
        ]
    )
    log.add_outcomes("p", _outcomes(**{"1": ("no", _DAY)}))
    frame = log.evidence_frame("p", moments[1], ["champion", "canary"])
    assert list(frame.columns) == [
        *("model_version", "role", "event_time", "logged_at", "latency_ms"),
        *("score", "prediction", "outcome", "row_key", "outcome_at", "prediction_id"),
    ]
    assert frame["row_key"].tolist() == ["1", "3"]
    assert frame["outcome"].tolist()[0] == "no"
    assert frame["latency_ms"].tolist() == [1.0, 3.0]
    assert log.evidence_frame("p", moments[3], ["shadow"]).empty


def test_failures_are_counted_by_version_and_role(log: PredictionLog) -> None:
    """Those since a moment, added up."""
    old = LoggedFailure("p", "1", "age", "type", at=_DAY)
    log.add_failures([old, LoggedFailure("p", "1", "age", "type", rows=2), LoggedFailure("p", "2", "age", "type")])
    found = log.failure_frame("p", _DAY + timedelta(days=1))
    assert found.to_dict("records") == [
        {"model_version": "1", "role": "champion", "column": "age", "check": "type", "rows": 2},
        {"model_version": "2", "role": "champion", "column": "age", "check": "type", "rows": 1},
    ]
    assert log.failure_frame("p", _DAY)["rows"].tolist() == [3, 1]
    log.add_failures([])


def test_a_log_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    """Its table has no request id and fewer indexes; what was kept stays, what comes is kept."""
    import sqlite3

    url = f"sqlite:///{tmp_path / 'service.db'}"
    PredictionLog(url).append([_entry("old")])
    with sqlite3.connect(tmp_path / "service.db") as connection:
        connection.execute("ALTER TABLE predictions DROP COLUMN request_id")
        connection.execute("DROP INDEX predictions_by_log")
        connection.execute("DROP TABLE prediction_failures")
    log = PredictionLog(url)
    assert log.append([_entry("new", request_id="r1")]) == 1
    assert set(_window(log)["row_key"]) == {"old", "new"}


def test_ids_are_made_in_the_order_of_time() -> None:
    """Of the same length as a UUID, which they are, each another one."""
    import uuid

    ids = [random_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert {len(name) for name in ids} == {36}
    assert [uuid.UUID(name).version for name in ids[:3]] == [7, 7, 7]
    assert [name[:13] for name in ids] == sorted(name[:13] for name in ids)


def test_a_log_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """Nothing is answered that is not kept, so this must not pass in silence."""
    (tmp_path / "home").write_text("in the way")
    with pytest.raises(StateError, match="service database"):
        PredictionLog(f"sqlite:///{tmp_path / 'home' / 'service.db'}").append([_entry("a")])


_KEYS = st.lists(st.sampled_from("abcdef"), max_size=8)


@settings(max_examples=20, deadline=None)
@given(st.lists(_KEYS, max_size=4))
def test_however_often_batches_are_tried_each_row_is_kept_once(batches: list[list[str]]) -> None:
    """The numbers of new rows add up to the number of different rows."""
    log = PredictionLog("sqlite://")
    new = sum(log.append([_entry(key) for key in batch]) for batch in batches)
    assert new == log.count("p") == len({key for batch in batches for key in batch})


def test_twenty_thousand_rows_are_kept_in_a_moment(log: PredictionLog) -> None:
    """In one transaction; and twice gives nothing new."""
    import time

    entries = [_entry(str(number), latency_ms=0.1) for number in range(20_000)]
    began = time.perf_counter()
    assert log.append(entries) == 20_000
    took = time.perf_counter() - began
    assert log.append(entries[:10]) == 0
    assert took < 10  # about half a second alone; the limit leaves room for a busy machine
