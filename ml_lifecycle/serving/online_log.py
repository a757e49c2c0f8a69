"""What a server keeps of the rows it answers: each with its key, time and answer. The log is `prediction_log`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.coercion import ColumnType, coerce_value
from ml_lifecycle.dataset.rows import is_missing, text_of
from ml_lifecycle.serving.log_frames import HISTORY
from ml_lifecycle.serving.prediction_log import LoggedPrediction, PredictionLog

if TYPE_CHECKING:
    from ml_lifecycle.serving.scoring import Answer


class OnlineLog:
    """Keeps the answered rows of requests.

    Args:
        config: The project; its dataset section names the columns that have a role.
        log: Where they are kept.
    """

    def __init__(self, config: ProjectConfig, log: PredictionLog) -> None:
        self._project = config.name
        self._data = config.dataset
        self._left_out = {config.brief.target, config.dataset.outcome_time}
        self._log = log

    def keep(
        self, version: str, rows: Sequence[object], answers: Sequence[Answer], *, latency_ms: float
    ) -> list[str | None]:
        """Keep what was answered, in one transaction.

        Returns:
            The id of each prediction, under which its row is kept; None for rows that got none.

        Raises:
            StateError: The log cannot be written.
        """
        now = datetime.now(UTC).replace(tzinfo=None)
        kept = [
            self._entry(version, row, answer, now, latency_ms)
            if isinstance(row, Mapping) and answer.output is not None
            else None
            for row, answer in zip(rows, answers, strict=True)
        ]
        self._log.append([entry for entry in kept if entry is not None])
        return [None if entry is None else entry.prediction_id for entry in kept]

    def _entry(
        self, version: str, row: Mapping[str, object], answer: Answer, now: datetime, latency_ms: float
    ) -> LoggedPrediction:
        assert answer.output is not None  # noqa: S101 - the caller has looked
        assert answer.score is not None  # noqa: S101 - same
        name = str(uuid.uuid4())
        return LoggedPrediction(
            prediction_id=name,
            project=self._project,
            model_version=version,
            row_key=_text(row, self._data.id) or name,
            event_time=self._time(row, now),
            inputs=self._inputs(row, answer),
            prediction=answer.output["prediction"],
            score=answer.score,
            entity=_text(row, self._data.entity),
            latency_ms=latency_ms,
            logged_at=now,
        )

    def _inputs(self, row: Mapping[str, object], answer: Answer) -> dict[str, object]:
        """The row as it came, and the history that the model was given, under names that no source has."""
        if answer.history is None:
            return {column: cell for column, cell in row.items() if column not in self._left_out}
        came = {name: cell for name, cell in row.items() if name not in self._left_out and name not in answer.history}
        return {**came, **{f"{HISTORY}{name}": cell for name, cell in answer.history.items()}}

    def _time(self, row: Mapping[str, object], now: datetime) -> datetime:
        """When the row happened; now, where it does not say so."""
        named = self._data.event_time
        raw = row.get(named) if named is not None else None
        moment = None if is_missing(raw) else coerce_value(raw, ColumnType.TIME)
        return moment.to_pydatetime() if isinstance(moment, pd.Timestamp) else now


def _text(row: Mapping[str, object], column: str | None) -> str | None:
    value = row.get(column) if column is not None else None
    return None if is_missing(value) else text_of(value)
