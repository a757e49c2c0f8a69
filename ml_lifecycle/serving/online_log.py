"""What a server keeps of the rows it answers: each with its key, time and answer. The log is `prediction_log`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.cell_rows import CellRows
from ml_lifecycle.dataset.coercion import ColumnType, coerce_value
from ml_lifecycle.dataset.rows import is_missing, text_of
from ml_lifecycle.serving.log_blocks import LoggedBlock
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

    def block(
        self,
        pick: Pick,
        rows: Sequence[object],
        answers: Sequence[Answer],
        *,
        request_id: str,
        latency_ms: float,
        keys: Sequence[str | None] = (),
    ) -> LoggedBlock | None:
        """As `lines`, as one line; None where not every row was answered as it came.

        Rows that are bad, look back or were completed are not.

        Args:
            pick: Who answered, and as what.
            rows: The rows as they came.
            answers: What was said of each.
            request_id: The request.
            latency_ms: How long the answer took.
            keys: As in `lines`.
        """
        if any(one.output is None or one.history is not None or one.completed is not None for one in answers):
            return None
        now = datetime.now(UTC).replace(tzinfo=None)
        names = random_ids(len(answers))
        data = self._data
        ids, entities, times = (_texts(rows, data.id), _texts(rows, data.entity), _cells(rows, data.event_time))
        given = keys or [None] * len(names)
        columns, inputs = self._inputs_of(rows)
        return LoggedBlock(
            project=self._project,
            model_version=pick.served.version,
            role=pick.role,
            logged_at=now,
            names=names,
            keys=[own or key or name for own, key, name in zip(ids or given, given, names, strict=True)],
            times=[_moment(cell, now) for cell in times],
            entities=entities,
            inputs=inputs,
            columns=columns,
            predictions=[answer.output["prediction"] for answer in answers if answer.output is not None],
            scores=[answer.score for answer in answers],
            latency_ms=latency_ms,
            request_id=request_id,
        )

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

    def _inputs_of(self, rows: Sequence[object]) -> tuple[Sequence[str], Sequence[Any]]:
        """The rows as they came, without what is not known yet: columns and cells, or no columns and mappings."""
        if isinstance(rows, CellRows):
            kept = rows.without(self._left_out)
            return kept.columns, kept.data
        left_out = self._left_out
        plain = [row for row in rows if isinstance(row, Mapping)]
        if all(left_out.isdisjoint(row) for row in plain):
            return (), plain
        return (), [{column: cell for column, cell in row.items() if column not in left_out} for row in plain]

    def _inputs(self, row: Mapping[str, object], answer: Answer) -> Mapping[str, object]:
        """The row as it came, or as the store completed it, and history under names that no source has."""
        left_out = self._left_out
        if answer.completed is not None:
            row = answer.completed
        if answer.history is None:
            if left_out.isdisjoint(row):
                return row
            return {column: cell for column, cell in row.items() if column not in left_out}
        came = {name: cell for name, cell in row.items() if name not in left_out and name not in answer.history}
        return {**came, **{f"{HISTORY}{name}": cell for name, cell in answer.history.items()}}

    def _time(self, row: Mapping[str, object], now: datetime) -> datetime:
        """When the row happened; now, where it does not say so."""
        named = self._data.event_time
        return _moment(row.get(named) if named is not None else None, now)


def _text(row: Mapping[str, object], column: str | None) -> str | None:
    value = row.get(column) if column is not None else None
    return None if is_missing(value) else text_of(value)


def _moment(raw: object, now: datetime) -> datetime:
    moment = None if is_missing(raw) else coerce_value(raw, ColumnType.TIME)
    return moment.to_pydatetime() if isinstance(moment, pd.Timestamp) else now


def _cells(rows: Sequence[object], column: str | None) -> Sequence[object]:
    """The cells of a column; nothing where no row has any."""
    if column is None:
        return ()
    if isinstance(rows, CellRows):
        return rows.column(column) or ()
    return [row.get(column) if isinstance(row, Mapping) else None for row in rows]


def _texts(rows: Sequence[object], column: str | None) -> Sequence[str | None]:
    return [
        cell if type(cell) is str and cell else None if is_missing(cell) else text_of(cell)
        for cell in _cells(rows, column)
    ]
