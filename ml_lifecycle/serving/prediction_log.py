"""`PredictionLog`: every prediction that was answered, and the outcomes that became known later.

One table each in the service database, see `log_tables`; its door is `release/database`. What is predicted lives in
`scoring` and `batch`, where outcomes come from in `outcomes`, what the log says about the model in monitoring.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import pandas as pd
import sqlalchemy as sa

from ml_lifecycle.dataset.rows import as_text
from ml_lifecycle.errors import DataError
from ml_lifecycle.release.database import Database
from ml_lifecycle.serving.log_frames import Joined, labelled_frame, window_frame
from ml_lifecycle.serving.log_tables import OUTCOMES, PREDICTIONS, TABLES, WANTED, joined

CHAMPION: Final = "champion"
_CHUNK: Final = 5_000


@dataclass(frozen=True, slots=True)
class LoggedPrediction:
    """One prediction, as it is kept.

    Args:
        project: The project.
        model_version: The version that answered.
        row_key: What names the row, so that its outcome can be joined.
        event_time: When the row happened, naive UTC.
        inputs: The row, as it came; or its JSON, where it has been written already.
        prediction: The label or the number that was answered.
        score: The probability of the positive class, those of all classes, or the number.
        entity: Whom the row is about.
        role: Why this version answered.
        latency_ms: How long the answer took.
        prediction_id: The name of the prediction; a random one by default, see `id_of`.
        logged_at: Now, by default; naive UTC.
    """

    project: str
    model_version: str
    row_key: str
    event_time: datetime
    inputs: Mapping[str, Any] | bytes
    prediction: str | int | float | bool
    score: float | Sequence[float]
    entity: str | None = None
    role: str = CHAMPION
    latency_ms: float | None = None
    prediction_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    logged_at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None))


def id_of(project: str, model_version: str, row_key: str, role: str = CHAMPION) -> str:
    """The name of a prediction that is to be made once per row, version and role, however often it is tried.

    >>> id_of("loans", "3", "a17") == id_of("loans", "3", "a17") != id_of("loans", "4", "a17")
    True
    """
    said = [project, model_version, role, row_key]
    return hashlib.sha256(orjson.dumps(said)).hexdigest()[:36]


class PredictionLog:
    """The log of all projects of a deployment.

    Args:
        url: SQLAlchemy URL of the service tables.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url, TABLES)

    def append(self, predictions: Sequence[LoggedPrediction]) -> int:
        """Keep predictions, all in one transaction; when this returns, they survive a killed process.

        One whose `prediction_id` is known already is not written again.

        Returns:
            How many were new.

        Raises:
            StateError: The database refuses; then none was written.
        """
        if not predictions:
            return 0
        statement = self._database.insert(PREDICTIONS).on_conflict_do_nothing()
        new = 0
        with self._database.begin() as connection:
            if len(predictions) == 1:  # the way of a server: no need to be told which one was new
                return int(connection.execute(statement, _line(predictions[0])).rowcount)
            returning = statement.returning(PREDICTIONS.c.prediction_id)
            for start in range(0, len(predictions), _CHUNK):
                lines = [_line(item) for item in predictions[start : start + _CHUNK]]
                new += len(connection.execute(returning, lines).all())
        return new

    def add_outcomes(self, project: str, outcomes: pd.DataFrame) -> int:
        """Keep what became known about rows; of several outcomes of one row, the one known last holds.

        Args:
            project: The project.
            outcomes: `key`, `outcome`, `known_at` (naive UTC); none of them missing.

        Returns:
            How many were new, or newer than what was kept.

        Raises:
            DataError: A column is absent or a cell missing.
            StateError: The database refuses.
        """
        lines = _outcome_lines(project, outcomes)
        if not lines:
            return 0
        insert = self._database.insert(OUTCOMES)
        statement = insert.on_conflict_do_update(
            index_elements=[OUTCOMES.c.project, OUTCOMES.c.row_key],
            set_={"outcome": insert.excluded.outcome, "known_at": insert.excluded.known_at},
            where=insert.excluded.known_at > OUTCOMES.c.known_at,
        ).returning(OUTCOMES.c.row_key)
        with self._database.begin() as connection:
            chunks = (lines[start : start + _CHUNK] for start in range(0, len(lines), _CHUNK))
            return sum(len(connection.execute(statement, chunk).all()) for chunk in chunks)

    def window(
        self, project: str, start: datetime, end: datetime, *, as_of: datetime | None = None, role: str = CHAMPION
    ) -> pd.DataFrame:
        """The predictions of a stretch of event time, each with its outcome where that is known.

        Args:
            project: The project.
            start: The first moment.
            end: The moment after the last.
            as_of: Outcomes that became known later are not joined; all are, by default.
            role: In which role the predictions were made.

        Returns:
            See `log_frames.window_frame`.

        Raises:
            StateError: The database refuses.
        """
        known = OUTCOMES.c.known_at <= as_of if as_of is not None else sa.true()
        query = (
            sa.select(*WANTED)
            .select_from(joined(known, outer=True))
            .where(PREDICTIONS.c.project == project, PREDICTIONS.c.role == role)
            .where(PREDICTIONS.c.event_time >= start, PREDICTIONS.c.event_time < end)
            .order_by(PREDICTIONS.c.event_time, PREDICTIONS.c.prediction_id)
        )
        return window_frame(self._read(query))

    def labelled_rows(
        self,
        project: str,
        *,
        target: str,
        id_column: str | None = None,
        event_time: str | None = None,
        entity: str | None = None,
        outcome_time: str | None = None,
        since: datetime | None = None,
    ) -> pd.DataFrame:
        """The rows whose outcome is known, each once, in the form of source rows, to be learnt from.

        Args:
            project: The project.
            target: The column that the outcome goes to.
            id_column: The column that the row's key goes to, if the project has one.
            event_time: The column that the event time goes to.
            entity: The column that the entity goes to.
            outcome_time: The column that the time goes to when the outcome became known.
            since: Only outcomes that became known after this moment.

        Raises:
            StateError: The database refuses.
        """
        query = (
            sa.select(*WANTED)
            .select_from(joined(sa.true(), outer=False))
            .where(PREDICTIONS.c.project == project)
            .order_by(PREDICTIONS.c.event_time, PREDICTIONS.c.logged_at, PREDICTIONS.c.prediction_id)
        )
        if since is not None:
            query = query.where(OUTCOMES.c.known_at > since)
        roles = {"id": id_column, "event_time": event_time, "entity": entity, "outcome_time": outcome_time}
        return labelled_frame(self._read(query), target=target, roles=roles)

    def labelled_count(self, project: str) -> int:
        """How many rows have been predicted whose outcome is known."""
        query = (
            sa.select(sa.func.count(sa.distinct(PREDICTIONS.c.row_key)))
            .select_from(joined(sa.true(), outer=False))
            .where(PREDICTIONS.c.project == project)
        )
        with self._database.begin() as connection:
            return int(connection.execute(query).scalar_one())

    def count(self, project: str) -> int:
        """How many predictions have been kept."""
        query = sa.select(sa.func.count()).select_from(PREDICTIONS).where(PREDICTIONS.c.project == project)
        with self._database.begin() as connection:
            return int(connection.execute(query).scalar_one())

    def _read(self, query: sa.Select[Any]) -> list[Joined]:
        with self._database.begin() as connection:
            return [Joined(*row) for row in connection.execute(query)]


def _line(item: LoggedPrediction) -> dict[str, Any]:
    raw = item.inputs if isinstance(item.inputs, bytes) else write_json(item.inputs)
    return {
        "prediction_id": item.prediction_id,
        "project": item.project,
        "model_version": item.model_version,
        "role": item.role,
        "row_key": item.row_key,
        "entity": item.entity,
        "event_time": item.event_time,
        "logged_at": item.logged_at,
        "inputs": raw.decode(),
        "prediction": write_json(item.prediction).decode(),
        "score": write_json(item.score).decode(),
        "latency_ms": item.latency_ms,
    }


def write_json(value: object) -> bytes:
    """Write JSON; what is not a number or is infinite becomes null, times become ISO 8601, the rest text."""
    return orjson.dumps(value, default=str, option=orjson.OPT_SERIALIZE_NUMPY)


def _outcome_lines(project: str, outcomes: pd.DataFrame) -> list[dict[str, Any]]:
    wanted = ("key", "outcome", "known_at")
    absent = [name for name in wanted if name not in outcomes.columns]
    if absent or outcomes[list(wanted)].isna().any().any():
        raise DataError(
            "outcomes cannot be kept",
            expected="key, outcome and known_at in every row",
            got=f"no column {absent[0]}" if absent else "missing cells",
            advice="leave out rows whose outcome is not known",
        )
    latest = outcomes.sort_values("known_at", kind="stable").drop_duplicates("key", keep="last")
    keys, times = as_text(latest["key"]), [moment.to_pydatetime() for moment in latest["known_at"]]
    values = latest["outcome"].tolist()
    return [
        {"project": project, "row_key": key, "outcome": write_json(value).decode(), "known_at": known}
        for key, value, known in zip(keys, values, times, strict=True)
    ]
