"""Lines of the prediction log as tables: for monitoring, and as rows to learn from. The log is `prediction_log`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np
import orjson
import pandas as pd

#: Columns of a window that are the log's own; an input of the same name is called `input.<name>` beside them.
OWN_COLUMNS: Final = (
    "prediction_id",
    "row_key",
    "entity",
    "event_time",
    "model_version",
    "role",
    "logged_at",
    "latency_ms",
    "prediction",
    "score",
    "outcome",
    "outcome_at",
)
_TIMES: Final = ("event_time", "logged_at", "outcome_at")
_RENAMED: Final = "input."
#: Before the name of a history column among the inputs: what the model was given, and no column of the source.
HISTORY: Final = "_history."
_CLASS_SCORE: Final = "score_"


class Joined(NamedTuple):
    """One line of the log with its outcome, as the database gives it; inputs, prediction, score and outcome as JSON."""

    prediction_id: str
    row_key: str
    entity: str | None
    event_time: datetime
    model_version: str
    role: str
    logged_at: datetime
    latency_ms: float | None
    inputs: str
    prediction: str
    score: str
    outcome: str | None
    outcome_at: datetime | None


def window_frame(lines: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """One row per prediction.

    Args:
        lines: The cells of `Joined`; times may be texts of ISO 8601.

    Returns:
        The inputs under their own names, then `OWN_COLUMNS`: `score` is the probability of the positive class or the
        number; of many classes the highest probability, and `score_0`, `score_1`, ... beside it are all of them, in the
        order of the target's classes. `outcome` and `outcome_at` are missing where nothing is known yet.
    """
    inputs = _read_inputs([line[_INPUTS] for line in lines])
    inputs = inputs.rename(columns={name: f"{_RENAMED}{name}" for name in inputs.columns if _is_own(name)})
    return pd.concat([inputs, answers_frame(lines)], axis=1)


def answers_frame(lines: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """One row per prediction without its inputs: `OWN_COLUMNS`, and `score_0`, `score_1`, ... of many classes."""
    columns = dict(zip(Joined._fields, zip(*lines, strict=True), strict=True)) if lines else {}
    own: dict[str, Any] = {name: pd.Series(columns.get(name, ()), dtype=object) for name in _TEXTS}
    own["latency_ms"] = np.array(columns.get("latency_ms", ()), dtype=np.float64)
    own |= {name: _times(columns.get(name, ())) for name in _TIMES}
    own["prediction"] = _read_values(columns.get("prediction", ()))
    own["outcome"] = _read_values(columns.get("outcome", ()))
    scores = _read_scores(columns.get("score", ()))
    own["score"] = scores if scores.ndim == 1 else scores.max(axis=1)
    classes = {f"{_CLASS_SCORE}{code}": scores[:, code] for code in range(scores.shape[1])} if scores.ndim > 1 else {}
    return pd.DataFrame({**{name: own[name] for name in OWN_COLUMNS}, **classes})


def inputs_of(window: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The inputs of a window's predictions under their own names; columns that were never given are missing.

    A history column is what the model was given, whether it was sent or looked up.
    """
    kept = {str(name) for name in window.columns}
    places = {
        name: next((place for place in (f"{_RENAMED}{name}", f"{HISTORY}{name}") if place in kept), name)
        for name in columns
    }
    found = {name: window[place] for name, place in places.items() if place in window.columns}
    frame = pd.DataFrame(found, index=window.index)
    return frame if len(found) == len(columns) else frame.reindex(columns=list(columns))


def scores_of(window: pd.DataFrame) -> np.ndarray:
    """The predictions of a window as the model gave them: float64 (n,), or (n, k) for k classes."""
    classes = [name for name in window.columns if _is_own(name) and name not in OWN_COLUMNS]
    chosen = window[classes] if classes else window["score"]
    return np.asarray(chosen.to_numpy(dtype=np.float64))


def labelled_frame(lines: Sequence[Joined], *, target: str, roles: Mapping[str, str | None]) -> pd.DataFrame:
    """Rows in the form of the project's sources, each once: of several predictions of a row, the last one counts.

    History that the model was given is left out: learning computes it anew, with all that is known by then.

    Args:
        lines: Lines with outcomes, the oldest first.
        target: The column that the outcome goes to.
        roles: The columns that `id`, `event_time`, `entity` and `outcome_time` go to; None where there is none.
    """
    last = list({line.row_key: line for line in lines}.values())
    frame = _read_inputs([line.inputs for line in last])
    frame = frame.loc[:, [not str(name).startswith(HISTORY) for name in frame.columns]]
    given: dict[str, Any] = {
        "id": [line.row_key for line in last],
        "event_time": _times([line.event_time for line in last]),
        "entity": [line.entity for line in last],
        "outcome_time": _times([line.outcome_at for line in last]),
    }
    for role, values in given.items():
        name = roles.get(role)
        if name is not None and not (role == "entity" and name in frame.columns):
            frame[name] = pd.Series(values, index=frame.index)
    frame[target] = _read_values([line.outcome for line in last])
    return frame


_TEXTS: Final = ("prediction_id", "row_key", "entity", "model_version", "role")


def _is_own(name: str) -> bool:
    return name in OWN_COLUMNS or (name.startswith(_CLASS_SCORE) and name[len(_CLASS_SCORE) :].isdigit())


_INPUTS: Final = Joined._fields.index("inputs")


def _read_inputs(texts: Sequence[str]) -> pd.DataFrame:
    """Rows of JSON as a table; where all have the same columns, as nearly always, cells are taken without a look-up."""
    rows = orjson.loads(f"[{','.join(texts)}]")
    names = list(rows[0]) if rows else []
    if len(names) > 1 and all(list(row) == names for row in rows):
        return pd.DataFrame([tuple(row.values()) for row in rows], columns=names)
    return pd.DataFrame(rows, index=range(len(rows)))


def _read_values(texts: Sequence[str | None]) -> pd.Series:
    """Labels or numbers; numbers become a numeric column, in which what is not known is missing."""
    values: list[Any] = orjson.loads(f"[{','.join(['null' if text is None else text for text in texts])}]")
    return pd.Series(values, dtype=None if any(value is not None for value in values) else object)


def _read_scores(texts: Sequence[str]) -> np.ndarray:
    return np.array(orjson.loads(f"[{','.join(texts)}]"), dtype=np.float64)


def _times(values: Sequence[datetime | str | None]) -> pd.Series:
    return pd.Series(np.array(values, dtype="datetime64[us]").astype("datetime64[ns]"))
