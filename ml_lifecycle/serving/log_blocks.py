"""`LoggedBlock`: the predictions of a large request, kept as one line of the log, and laid out row by row later.

A thousand lines with their indexes cost six times what one line of the same content does, while the caller waits. So a
block is what is durable when the answer leaves; it becomes ordinary lines as soon as somebody reads the log, or its
writer has nothing else to do. What a line is lives in `log_lines`, the tables in `log_tables`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
import sqlalchemy as sa

from ml_lifecycle.release.database import Database
from ml_lifecycle.serving.log_lines import Values, plain, random_id, write_json, write_lines
from ml_lifecycle.serving.log_tables import BLOCKS

#: Blocks that are laid out in one transaction: a reader that waits for them waits for tenths of a second.
_TOGETHER: Final = 8


@dataclass(frozen=True, slots=True)
class LoggedBlock:
    """Predictions that one version made of the rows of one request; lists are as long as there are rows.

    Args:
        project: The project.
        model_version: The version that answered.
        role: Why it answered.
        logged_at: When; naive UTC.
        names: The names of the predictions.
        keys: What names each row, so that its outcome can be joined.
        times: When each row happened, naive UTC; empty where all did at `logged_at`.
        entities: Whom each row is about; empty where rows are about nobody.
        inputs: The rows: mappings, or cells in the order of `columns`.
        columns: The columns of rows that are cells.
        predictions: The labels or the numbers that were answered.
        scores: What the model gave for each.
        latency_ms: How long the answer took.
        request_id: The request.
    """

    project: str
    model_version: str
    role: str
    logged_at: datetime
    names: Sequence[str]
    keys: Sequence[str]
    times: Sequence[datetime]
    entities: Sequence[str | None]
    inputs: Sequence[Mapping[str, Any]] | Sequence[Sequence[Any]]
    columns: Sequence[str]
    predictions: Sequence[Any]
    scores: Sequence[Any]
    latency_ms: float | None
    request_id: str | None

    def values(self) -> Values:
        """The one line of it, in the order of `BLOCKS`."""
        document = [
            [self.project, self.model_version, self.role, self.logged_at, self.latency_ms, self.request_id],
            self.names,
            self.keys,
            self.times,
            self.entities,
            self.columns,
            self.inputs,
            self.predictions,
            self.scores,
        ]
        return (random_id(), self.project, self.logged_at, len(self.names), write_json(document))


def lines_of(content: bytes) -> list[Values]:
    """The lines that a block stands for, as `log_lines.values_of` would have written them."""
    about, names, keys, times, entities, columns, inputs, predictions, scores = orjson.loads(content)
    project, version, role, logged, latency, request = about
    logged_at = datetime.fromisoformat(logged)
    request_id = plain(request)
    rows = (dict(zip(columns, row, strict=True)) for row in inputs) if columns else inputs
    return [
        (
            name,
            project,
            version,
            role,
            plain(key),
            plain(entity),
            datetime.fromisoformat(time) if time else logged_at,
            logged_at,
            write_json(row).decode(),
            write_json(prediction).decode(),
            write_json(score).decode(),
            latency,
            request_id,
        )
        for name, key, time, entity, row, prediction, score in zip(
            names,
            keys,
            times or [None] * len(names),
            entities or [None] * len(names),
            rows,
            predictions,
            scores,
            strict=True,
        )
    ]


def lay_out(database: Database, most: int | None = None) -> int:
    """Turn blocks into lines, each in the transaction that deletes it, so that a killed process loses and doubles none.

    Blocks that come while this works are left for the next time.

    Args:
        database: The service database.
        most: So many blocks at most; all that are there now, by default.

    Returns:
        How many were turned.

    Raises:
        StateError: The database refuses.
    """
    newest = sa.select(sa.func.max(BLOCKS.c.block_id))
    with database.begin() as connection:
        last = connection.execute(newest).scalar_one_or_none()
    done = 0
    while last is not None and (most is None or done < most):
        wanted = _TOGETHER if most is None else min(_TOGETHER, most - done)
        taken = _lay_out_some(database, last, wanted)
        if taken == 0:
            break
        done += taken
    return done


def _lay_out_some(database: Database, last: str, most: int) -> int:
    oldest = sa.select(BLOCKS.c.block_id).where(BLOCKS.c.block_id <= last).order_by(BLOCKS.c.block_id).limit(most)
    taking = sa.delete(BLOCKS).where(BLOCKS.c.block_id.in_(oldest)).returning(BLOCKS.c.content)
    with database.begin() as connection:
        contents = list(connection.execute(taking).scalars())
        for content in contents:
            write_lines(connection, lines_of(bytes(content)), ())
    return len(contents)
