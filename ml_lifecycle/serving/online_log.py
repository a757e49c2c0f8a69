"""What a server keeps of the rows it answers: each with its key, time and answer. The log is `prediction_log`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.coercion import ColumnType, coerce_value
from ml_lifecycle.dataset.rows import is_missing, text_of
from ml_lifecycle.serving.log_frames import HISTORY
from ml_lifecycle.serving.log_lines import LoggedFailure, LoggedPrediction, random_ids

if TYPE_CHECKING:
    from ml_lifecycle.serving.routing import Pick
    from ml_lifecycle.serving.scoring import Answer


class OnlineLog:
    """Makes the lines of the log of the rows of requests.

    Args:
        config: The project; its dataset section names the columns that have a role.
    """

    def __init__(self, config: ProjectConfig) -> None:
        self._project = config.name
        self._data = config.dataset
        self._left_out = frozenset(
            name for name in (config.brief.target, config.dataset.outcome_time) if name is not None
        )

    def lines(
        self,
        pick: Pick,
        rows: Sequence[object],
        answers: Sequence[Answer],
        *,
        request_id: str,
        latency_ms: float,
        keys: Sequence[str | None] = (),
    ) -> tuple[list[LoggedPrediction], list[str | None]]:
        """What is kept of the answered rows, and the id of each row's prediction: None for rows that got none.

        Args:
            pick: Who answered, and as what.
            rows: The rows as they came.
            answers: What was said of each.
            request_id: The request.
            latency_ms: How long the answer took.
            keys: By what rows without an id of their own are found again; by default by the prediction's id.
        """
        now = datetime.now(UTC).replace(tzinfo=None)
        lines: list[LoggedPrediction] = []
        names: list[str | None] = []
        fresh = random_ids(len(answers))
        for place, (row, answer) in enumerate(zip(rows, answers, strict=True)):
            if answer.output is None or answer.score is None or not isinstance(row, Mapping):
                names.append(None)
                continue
            name = fresh[place]
            names.append(name)
            lines.append(
                LoggedPrediction(
                    project=self._project,
                    model_version=pick.served.version,
                    row_key=_text(row, self._data.id) or (keys[place] if keys else None) or name,
                    event_time=self._time(row, now),
                    inputs=self._inputs(row, answer),
                    prediction=answer.output["prediction"],
                    score=answer.score,
                    entity=_text(row, self._data.entity),
                    role=pick.role,
                    latency_ms=latency_ms,
                    prediction_id=name,
                    logged_at=now,
                    request_id=request_id,
                )
            )
        return lines, names

    def failures(self, pick: Pick, answers: Sequence[Answer]) -> list[LoggedFailure]:
        """What is counted of the rows that got an error."""
        return [
            LoggedFailure(
                self._project,
                pick.served.version,
                answer.failures[0].column,
                answer.failures[0].check,
                role=pick.role,
            )
            for answer in answers
            if answer.failures
        ]

    def _inputs(self, row: Mapping[str, object], answer: Answer) -> Mapping[str, object]:
        """The row as it came, and the history that the model was given, under names that no source has."""
        left_out = self._left_out
        if answer.history is None:
            if left_out.isdisjoint(row):
                return row
            return {column: cell for column, cell in row.items() if column not in left_out}
        came = {name: cell for name, cell in row.items() if name not in left_out and name not in answer.history}
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
