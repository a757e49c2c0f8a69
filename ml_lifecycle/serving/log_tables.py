"""The tables of the prediction log, and which outcome belongs to a prediction. The log is `prediction_log`."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

#: Characters of a prediction's id: those of a UUID.
ID_LENGTH: Final = 36
TABLES = sa.MetaData()
PREDICTIONS = sa.Table(
    "predictions",
    TABLES,
    sa.Column("prediction_id", sa.String(ID_LENGTH), primary_key=True),
    sa.Column("project", sa.String(63), nullable=False),
    sa.Column("model_version", sa.String(63), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("row_key", sa.Text(), nullable=False),
    sa.Column("entity", sa.Text()),
    sa.Column("event_time", sa.DateTime(), nullable=False),
    sa.Column("logged_at", sa.DateTime(), nullable=False),
    sa.Column("inputs", sa.Text(), nullable=False),
    sa.Column("prediction", sa.Text(), nullable=False),
    sa.Column("score", sa.Text(), nullable=False),
    sa.Column("latency_ms", sa.Float()),
    sa.Column("request_id", sa.Text()),
    sa.Index("predictions_by_time", "project", "event_time"),
    sa.Index("predictions_by_row", "project", "row_key"),
    sa.Index("predictions_by_log", "project", "logged_at"),
)
OUTCOMES = sa.Table(
    "outcomes",
    TABLES,
    sa.Column("project", sa.String(63), primary_key=True),
    sa.Column("row_key", sa.Text(), primary_key=True),
    sa.Column("outcome", sa.Text(), nullable=False),
    sa.Column("known_at", sa.DateTime(), nullable=False),
    # When it was kept here, which says which judgements of windows have not seen it; lines of before have none.
    sa.Column("written_at", sa.DateTime()),
    sa.Index("outcomes_by_writing", "project", "written_at"),
)
FAILURES = sa.Table(
    "prediction_failures",
    TABLES,
    sa.Column("project", sa.String(63), nullable=False),
    sa.Column("model_version", sa.String(63), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("at", sa.DateTime(), nullable=False),
    sa.Column("column", sa.Text(), nullable=False),
    sa.Column("check", sa.Text(), nullable=False),
    sa.Column("rows", sa.BigInteger(), nullable=False),
    sa.Index("prediction_failures_by_time", "project", "at"),
)
BLOCKS = sa.Table(
    "prediction_blocks",
    TABLES,
    sa.Column("block_id", sa.String(ID_LENGTH), primary_key=True),
    sa.Column("project", sa.String(63), nullable=False),
    sa.Column("logged_at", sa.DateTime(), nullable=False),
    sa.Column("rows", sa.BigInteger(), nullable=False),
    sa.Column("content", sa.LargeBinary(), nullable=False),
)
#: Labelled rows that were deleted for good, by `log_retention`.
FORGOTTEN = sa.Table(
    "predictions_forgotten",
    TABLES,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("project", sa.String(63), nullable=False),
    sa.Column("at", sa.DateTime(), nullable=False),
    sa.Column("labelled", sa.BigInteger(), nullable=False),
    sa.Index("predictions_forgotten_by_project", "project"),
)

#: What is read of a prediction with its outcome, in the order of `log_frames.Joined`.
WANTED: Final = (
    *(PREDICTIONS.c[name] for name in ("prediction_id", "row_key", "entity", "event_time", "model_version", "role")),
    *(PREDICTIONS.c[name] for name in ("logged_at", "latency_ms", "inputs", "prediction", "score")),
    OUTCOMES.c.outcome,
    OUTCOMES.c.known_at,
)


def joined(condition: sa.ColumnElement[bool], *, outer: bool) -> sa.Join:
    """Predictions with those of their outcomes that meet a condition; `outer`: also predictions without one."""
    same = (OUTCOMES.c.project == PREDICTIONS.c.project) & (OUTCOMES.c.row_key == PREDICTIONS.c.row_key)
    return PREDICTIONS.join(OUTCOMES, same & condition, isouter=outer)
