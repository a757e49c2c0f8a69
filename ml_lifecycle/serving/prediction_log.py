"""`PredictionLog`: every prediction that was answered, and the outcomes that became known later.

One table each in the service database, see `log_tables`; its door is `release/database`. What a line is and how it is
written lives in `log_lines` and `log_blocks`, how lines are read in `log_reading`, many writers at once in
`group_commit`. What is predicted lives in `scoring` and `batch`, where outcomes come from in `outcomes`, what the log
says about the model in monitoring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

import pandas as pd
import sqlalchemy as sa

from ml_lifecycle.release.database import Database
from ml_lifecycle.serving.log_archive import COLUMNS, Archive, archived_ids
from ml_lifecycle.serving.log_blocks import lay_out
from ml_lifecycle.serving.log_frames import answers_frame, labelled_frame, window_frame
from ml_lifecycle.serving.log_lines import (
    CHAMPION,
    LoggedFailure,
    LoggedPrediction,
    Values,
    failure_values,
    id_of,
    now,
    values_of,
    write_json,
    write_lines,
)
from ml_lifecycle.serving.log_outcomes import write_outcomes
from ml_lifecycle.serving.log_reading import LogReader
from ml_lifecycle.serving.log_retention import labelled_forgotten
from ml_lifecycle.serving.log_tables import PREDICTIONS, TABLES
from ml_lifecycle.serving.sqlite_lines import SqliteLines

__all__ = ["CHAMPION", "Feedback", "LoggedFailure", "LoggedPrediction", "PredictionLog", "id_of", "write_json"]

_CHUNK: Final = 5_000
#: What is evidence about a version, see `PredictionLog.evidence_frame`.
_EVIDENCE: Final = (
    *("model_version", "role", "event_time", "logged_at", "latency_ms"),
    *("score", "prediction", "outcome", "row_key", "outcome_at", "prediction_id"),
)


@dataclass(frozen=True, slots=True)
class Feedback:
    """The outcome of a prediction, told by its id.

    Args:
        prediction_id: The id that the prediction was answered with.
        outcome: What turned out to be true.
        known_at: When that became known; naive UTC, now by default.
    """

    prediction_id: str
    outcome: str | int | float | bool
    known_at: datetime = field(default_factory=now)


class PredictionLog:
    """The log of all projects of a deployment.

    Args:
        url: SQLAlchemy URL of the service tables.
        archive: Where lines lie that were moved out of the database.
    """

    def __init__(self, url: str, archive: Archive | None = None) -> None:
        self._database = Database(url, TABLES)
        self._lines = LogReader(self._database, archive)
        self._archive = archive

    def append(self, predictions: Sequence[LoggedPrediction]) -> int:
        """Keep predictions, all in one transaction; when this returns, they survive a killed process.

        One whose `prediction_id` is known already is not written again.

        Returns:
            How many were new.

        Raises:
            StateError: The database refuses; then none was written.
        """
        return self.write([values_of(item) for item in predictions])

    def write(
        self, lines: Sequence[Values], failures: Sequence[LoggedFailure] = (), blocks: Sequence[Values] = ()
    ) -> int:
        """Keep lines that have been written out by `values_of`, failures, and blocks, all in one transaction.

        Returns:
            How many lines were new.

        Raises:
            StateError: The database refuses; then none was written.
        """
        if not lines and not failures and not blocks:
            return 0
        failed = [failure_values(item) for item in failures]
        if self._quick is not None:
            return self._quick.write(lines, failed, blocks)
        with self._database.begin() as connection:
            return write_lines(connection, lines, failed, blocks)

    def lay_out(self, most: int | None = None) -> int:
        """Turn blocks of large requests into lines; readers do so by themselves, see `log_blocks`.

        Args:
            most: So many blocks at most; all by default.

        Raises:
            StateError: The database refuses.
        """
        return lay_out(self._database, most)

    def append_once(self, predictions: Sequence[LoggedPrediction]) -> int:
        """As `append`, but what lies in the archive already is not written again, either: for batches.

        Raises:
            StateError: The database refuses, or the archive cannot be read.
        """
        ids, times = [item.prediction_id for item in predictions], [item.event_time for item in predictions]
        known = {
            name for project in {item.project for item in predictions} for name in self._archived(project, ids, times)
        }
        return self.append([item for item in predictions if item.prediction_id not in known])

    def answered_by_others(self, project: str, version: str, times: Sequence[datetime]) -> set[str]:
        """The keys of rows that another version has answered as the one in production.

        Args:
            project: The project.
            version: The version that is not another one.
            times: When the rows that are asked about happened; naive UTC.

        Raises:
            StateError: The database refuses, or the archive cannot be read.
        """
        return self._reader.answered_by_others(project, version, min(times), max(times)) if times else set()

    def add_failures(self, failures: Sequence[LoggedFailure]) -> None:
        """Count rows that got an error instead of an answer.

        Raises:
            StateError: The database refuses; then none was counted.
        """
        self.write((), failures)

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
        return write_outcomes(self._database, project, outcomes)

    def add_feedback(self, project: str, feedback: Sequence[Feedback]) -> list[str]:
        """Keep outcomes that are told by prediction id: each holds for the row, whichever version was asked for it.

        Returns:
            The ids that are not known: nobody has given them out, or for another project.

        Raises:
            DataError: An outcome is missing.
            StateError: The database refuses.
        """
        keys = self._reader.row_keys(project, [item.prediction_id for item in feedback])
        known = [item for item in feedback if item.prediction_id in keys]
        rows = {
            "key": [keys[item.prediction_id] for item in known],
            "outcome": pd.Series([item.outcome for item in known], dtype=object),
            "known_at": [item.known_at for item in known],
        }
        self.add_outcomes(project, pd.DataFrame(rows))
        return [item.prediction_id for item in feedback if item.prediction_id not in keys]

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
        return window_frame(self._reader.of_window(project, start, end, as_of=as_of, role=role))

    def start_of_last(self, project: str, before: datetime, rows: int, *, role: str = CHAMPION) -> datetime | None:
        """The event time of the oldest of so many last predictions before a moment; None where there are none.

        Raises:
            StateError: The database refuses.
        """
        return self._reader.start_of_last(project, before, rows, role)

    def late_outcomes(self, project: str, since: datetime, most: int) -> list[tuple[datetime, datetime]]:
        """Event times of predictions whose outcome was kept after a moment, each with when it was; newest first.

        Args:
            project: The project.
            since: The moment, naive UTC.
            most: So many predictions at most, those of the newest outcomes.

        Raises:
            StateError: The database refuses.
        """
        return self._reader.touched_since(project, since, most)

    def evidence_frame(self, project: str, since: datetime, roles: Sequence[str] = (CHAMPION,)) -> pd.DataFrame:
        """What versions have answered since some moment, to be judged while they serve side by side.

        Args:
            project: The project.
            since: Only what was logged from this moment on; naive UTC.
            roles: In which roles the predictions were made.

        Returns:
            One row per prediction, in the order of the log: model_version, role, event_time, logged_at, latency_ms,
            score (as in `window`), prediction, outcome (missing where unknown), row_key, outcome_at, prediction_id.

        Raises:
            StateError: The database refuses.
        """
        return answers_frame(self._reader.answers(project, since, roles))[list(_EVIDENCE)]

    def failure_frame(self, project: str, since: datetime, until: datetime | None = None) -> pd.DataFrame:
        """How many rows got an error since some moment, and before another: model_version, role, column, check, rows.

        Raises:
            StateError: The database refuses.
        """
        names = ["model_version", "role", "column", "check", "rows"]
        return pd.DataFrame(self._reader.failures(project, since, until), columns=names)

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
        lines = self._reader.labelled(project, since)
        roles = {"id": id_column, "event_time": event_time, "entity": entity, "outcome_time": outcome_time}
        return labelled_frame(lines, target=target, roles=roles)

    def labelled_count(self, project: str) -> int:
        """How many rows have been predicted whose outcome is known, those that were deleted since among them."""
        return self._reader.labelled_count(project) + labelled_forgotten(self._database, project)

    def count(self, project: str) -> int:
        """How many predictions have been kept."""
        return self._reader.count(project)

    def oldest_lines(self, project: str, before: datetime, most: int) -> pd.DataFrame:
        """The oldest lines in the database whose rows happened before some moment, as they lie there.

        Raises:
            StateError: The database refuses.
        """
        return pd.DataFrame(self._reader.oldest(project, before, most), columns=list(COLUMNS))

    def forget(self, project: str, ids: Sequence[str]) -> int:
        """Delete lines from the database, all in one transaction; what is not in an archive is gone then.

        Returns:
            How many there were.

        Raises:
            StateError: The database refuses; then none was deleted.
        """
        mine = sa.delete(PREDICTIONS).where(PREDICTIONS.c.project == project)
        with self._database.begin() as connection:
            parts = (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
            return sum(connection.execute(mine.where(PREDICTIONS.c.prediction_id.in_(part))).rowcount for part in parts)

    @property
    def _reader(self) -> LogReader:
        """What reads lines; all that was kept until now is one."""
        self.lay_out()
        return self._lines

    @cached_property
    def _quick(self) -> SqliteLines | None:
        """The quick way into an SQLite file. Cached only once the tables are there."""
        with self._database.begin() as connection:
            path = sa.make_url(self._database.url).database if connection.dialect.name == "sqlite" else None
        return SqliteLines(path) if path and path != ":memory:" and not path.startswith("file:") else None

    def _archived(self, project: str, ids: Sequence[str], times: Sequence[datetime]) -> set[str]:
        return archived_ids(self._archive, project, ids, times)
