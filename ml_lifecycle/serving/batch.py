"""Scoring what has arrived: the rows of a stretch of time, each once per version, logged like those of a server.

Where a single row comes from is `app`; how rows are scored is `scoring`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import binom

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.coercion import parse_times
from ml_lifecycle.dataset.rows import ROW_ID, as_text, identify
from ml_lifecycle.dataset.text_columns import keep_text
from ml_lifecycle.errors import ConfigError, DataError
from ml_lifecycle.release.packaging import Package
from ml_lifecycle.serving.arrivals import read_arrivals
from ml_lifecycle.serving.live_history import catch_up
from ml_lifecycle.serving.log_frames import HISTORY
from ml_lifecycle.serving.prediction_log import LoggedPrediction, PredictionLog, id_of, write_json
from ml_lifecycle.serving.scoring import ScoredRows, Scorer
from ml_lifecycle.verdict import Fact, Verdict

_MOST_FREQUENT: Final = 10
#: From this probability on, too many bad rows are taken for bad luck: one such false alarm in a hundred windows.
_CHANCE: Final = 0.01
_KEY, _EVENT_TIME, _VERSION = "row_key", "event_time", "model_version"


@dataclass(frozen=True, slots=True)
class ArrivedRows:
    """The rows of a stretch of time, as they came.

    Args:
        frame: The rows, `_row_id` first; of several with one id the last. The event time is naive UTC.
        undated: Rows of the source, of whatever time, whose event time cannot be read: they belong to no stretch.
        repeated: Rows that were left out because a later one has the same id.
    """

    frame: pd.DataFrame
    undated: int = 0
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class ScoredWindow:
    """What was scored.

    Args:
        predictions: One row per good row: `_row_id`, row_key, event_time, model_version and the answer.
        rejected: One row for each failure of the others: `_row_id`, column, check, value.
        new: How many predictions were not in the log yet.
        verdict: inputs_valid.
    """

    predictions: pd.DataFrame
    rejected: pd.DataFrame
    new: int
    verdict: Verdict


def read_window_rows(config: ProjectConfig, home: Path, start: datetime, end: datetime) -> ArrivedRows:
    """Read the rows that arrived for batch scoring and happened in a stretch of time; see `rows_between`."""
    return rows_between(read_batch(config, home), config, start, end)


def read_batch(config: ProjectConfig, home: Path) -> pd.DataFrame:
    """Read all rows that have arrived for batch scoring, with their event time as time, missing where unreadable.

    Args:
        config: The project; without a batch source no rows arrive.
        home: The state folder.

    Raises:
        ConfigError: There is a batch source, but no event time to say which rows belong to a stretch.
        DataError: A file cannot be read, or lacks the column of the id or of the event time.
    """
    source, data = config.serving.batch, config.dataset
    if source is None:
        return pd.DataFrame()
    if data.event_time is None:
        raise ConfigError(
            "rows of a window cannot be told apart",
            expected="dataset.event_time beside serving.batch",
            got="none",
            advice="name the column that says when a row happened",
        )
    rows = read_arrivals(keep_text(source, data), root=config.root, home=home)
    if rows.empty:
        return rows
    _require(rows, data.event_time, "dataset.event_time")
    if data.id is not None:
        _require(rows, data.id, "dataset.id")
    return rows.assign(**{data.event_time: parse_times(rows[data.event_time]).column})


def rows_between(rows: pd.DataFrame, config: ProjectConfig, start: datetime, end: datetime) -> ArrivedRows:
    """Those of the rows that arrived which happened in a stretch of time.

    Args:
        rows: What `read_batch` gave.
        config: The project.
        start: The first moment, naive UTC.
        end: The moment after the last.
    """
    data = config.dataset
    if rows.empty or data.event_time is None:
        return ArrivedRows(identify(rows))
    times = rows[data.event_time]
    inside = rows[(times >= start) & (times < end)]
    kept = inside
    if data.id is not None:
        kept = inside[~(as_text(inside[data.id]).duplicated(keep="last") & inside[data.id].notna())]
    named = identify(kept.reset_index(drop=True), data.id)
    return ArrivedRows(named, int(times.isna().sum()), len(inside) - len(kept))


def score_window(
    rows: ArrivedRows, package: Package, *, log: PredictionLog, project: ProjectConfig, version: str
) -> ScoredWindow:
    """Score rows and log the predictions of those that nobody has answered yet.

    The log is what production was told. A row that an earlier version has answered is scored anew, as the window is
    asked for anew, but not logged: monitoring would else hold a model to rows that it may have learnt from.

    Where the model looks back, a row sees the earlier rows of the window and those logged before it.

    Args:
        rows: What arrived.
        package: The package of the version in production.
        log: Where predictions are kept.
        project: The project.
        version: The version in production.

    Raises:
        StateError: The log cannot be written.
    """
    began = perf_counter()
    if package.history is not None and len(rows.frame):  # such a project has an event time
        first = rows.frame[project.dataset.event_time].min().to_pydatetime()
        package = catch_up(package, log, project.name, first)
    scored = Scorer(package).score_frame(rows.frame, in_order=True)
    keys = _keys(scored.good, project)
    took = (perf_counter() - began) * 1000 / max(len(rows.frame), 1)
    entries = _entries(scored, keys, project, version, took)
    others = log.answered_by_others(project.name, version, [entry.event_time for entry in entries])
    new = log.append_once([entry for entry in entries if entry.row_key not in others])
    times = {_EVENT_TIME: scored.good[name]} if (name := project.dataset.event_time) in scored.good.columns else {}
    named = pd.DataFrame({ROW_ID: scored.good[ROW_ID], _KEY: keys, **times, _VERSION: version})
    predictions = pd.concat([named, scored.answers], axis=1)
    return ScoredWindow(predictions, scored.rejected, new, judge_inputs(rows, scored.rejected, project))


def judge_inputs(rows: ArrivedRows, rejected: pd.DataFrame, project: ProjectConfig) -> Verdict:
    """inputs_valid: not surely more of the rows that arrived break the schema than `dataset.quarantine_share`.

    A window may be small, and two bad rows of seventy are no proof of more than 2 %: the gate fails where the share
    is above the limit beyond chance, by the exact binomial test (Clopper & Pearson 1934).
    """
    count, bad, limit = len(rows.frame), int(rejected[ROW_ID].nunique()), project.dataset.quarantine_share
    share = bad / max(count, 1)
    chance = float(binom.sf(bad - 1, count, limit)) if bad else 1.0
    reasons = (rejected["column"] + ": " + rejected["check"]).value_counts().head(_MOST_FREQUENT)
    told: dict[str, Fact] = {str(reason): int(times) for reason, times in reasons.items()}
    return Verdict(
        gate="inputs_valid",
        passed=share <= limit or chance > _CHANCE,
        summary=f"{bad:,} of {count:,} rows ({share:.2%}) break the schema and were not scored; the limit is "
        f"{limit:.2%}, so many come by chance with probability {chance:.2g}."
        if count
        else "No rows arrived for batch scoring in this window.",
        facts={
            "rows": count,
            "rejected": bad,
            "share": round(share, 6),
            "limit": limit,
            "chance": chance,
            "undated": rows.undated,
            "repeated": rows.repeated,
            "reasons": told,
        },
        advice="look at the reasons: mend what delivers the rows, or correct the schema and train again",
    )


def _keys(rows: pd.DataFrame, project: ProjectConfig) -> pd.Series:
    """What names a row: its id, or the hash that stands for one."""
    named = as_text(rows[ROW_ID])
    return named if project.dataset.id is None or rows.empty else as_text(rows[project.dataset.id]).fillna(named)


def _entries(
    scored: ScoredRows, keys: pd.Series, project: ProjectConfig, version: str, latency_ms: float
) -> list[LoggedPrediction]:
    rows, data = scored.good, project.dataset
    if rows.empty:
        return []
    left_out = {ROW_ID, project.brief.target, data.outcome_time, *scored.history.columns}
    came = rows[[name for name in rows.columns if name not in left_out]]
    inputs = pd.concat([came, scored.history.add_prefix(HISTORY)], axis=1) if len(scored.history.columns) else came
    now = datetime.now(UTC).replace(tzinfo=None)
    dated = data.event_time in rows.columns
    moments = [moment.to_pydatetime() for moment in rows[data.event_time]] if dated else [now] * len(rows)
    entities = as_text(rows[data.entity]) if data.entity in rows.columns else pd.Series([None] * len(rows))
    scores = np.asarray(scored.scores).tolist()
    return [
        LoggedPrediction(
            project=project.name,
            model_version=version,
            row_key=key,
            event_time=moment,
            inputs=line,
            prediction=prediction,
            score=score,
            entity=entity,
            latency_ms=latency_ms,
            prediction_id=id_of(project.name, version, key),
        )
        for key, moment, line, prediction, score, entity in zip(
            keys, moments, _lines(inputs), scored.answers["prediction"].tolist(), scores, entities, strict=True
        )
    ]


def _lines(inputs: pd.DataFrame) -> list[bytes]:
    """Each row as JSON; a missing cell is null."""
    plain = inputs.astype(object).where(inputs.notna(), None)
    names = [str(name) for name in inputs.columns]
    return [write_json(dict(zip(names, row, strict=True))) for row in plain.itertuples(index=False, name=None)]


def _require(rows: pd.DataFrame, column: str, key: str) -> None:
    if column not in rows.columns:
        raise DataError(
            f"the rows to be scored lack the column that {key} names",
            expected=f"a column {column!r}",
            got=f"{[str(name) for name in rows.columns[:10]]}",
            advice="correct serving.batch, or what delivers its files",
        )
