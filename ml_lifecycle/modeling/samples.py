"""`Samples`: feature values with their targets, as estimators take them.

How the values are made lives in `features`, how targets are encoded in `target`, which rows belong to which split in
`dataset/splits`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import BriefConfig, Kind, Task
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, TEST, TRAIN, UNLABELED, VALIDATION, WEIGHT
from ml_lifecycle.errors import DataError
from ml_lifecycle.features.matrix import FeatureMatrix, FeatureSet
from ml_lifecycle.modeling.target import Target


@dataclass(frozen=True, slots=True)
class Samples:
    """Rows to learn from or to be judged on.

    Args:
        matrix: Feature values, n rows.
        y: Encoded targets, shape (n,).
        row_ids: `_row_id` of each row, shape (n,).
        query: Ranking: the query of each row as an int code, shape (n,).
        time: Event time of each row as datetime64, shape (n,), where the project has one.
        weight: How much each row counts in learning, float64 above 0, shape (n,); None where all count the same.

    Raises:
        ValueError: The lengths differ.
    """

    matrix: FeatureMatrix
    y: np.ndarray
    row_ids: np.ndarray
    query: np.ndarray | None = None
    time: np.ndarray | None = None
    weight: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Refuse parts of different length."""
        parts = (self.matrix, self.y, self.row_ids, self.query, self.time, self.weight)
        lengths = {len(part) for part in parts if part is not None}
        if len(lengths) > 1:
            msg = f"expected parts of one length, got lengths {sorted(lengths)}"
            raise ValueError(msg)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.y)

    def take(self, rows: np.ndarray) -> Samples:
        """Pick rows by position or by boolean mask; `rows` of shape (m,) or (n,)."""
        return Samples(
            self.matrix.take(rows),
            self.y[rows],
            self.row_ids[rows],
            query=None if self.query is None else self.query[rows],
            time=None if self.time is None else self.time[rows],
            weight=None if self.weight is None else self.weight[rows],
        )

    def select(self, names: Sequence[str]) -> Samples:
        """Pick features by name; the rows stay."""
        return replace(self, matrix=self.matrix.select(names))

    def join(self, other: Samples) -> Samples:
        """These rows and then others of the same features; queries of the two are different ones."""
        mine, theirs = self.matrix, other.matrix
        values = np.concatenate([mine.values, theirs.values])  # noqa: PD011 - a field of FeatureMatrix
        weighted = self.weight is not None or other.weight is not None
        queries = None
        if self.query is not None and other.query is not None:
            queries = np.concatenate([self.query, other.query + self.query.max(initial=-1) + 1])
        times = None if self.time is None or other.time is None else np.concatenate([self.time, other.time])
        return Samples(
            FeatureMatrix(values, mine.names, mine.categorical),
            np.concatenate([self.y, other.y]),
            np.concatenate([self.row_ids, other.row_ids]),
            query=queries,
            time=times,
            weight=np.concatenate([self._weights(), other._weights()]) if weighted else None,
        )

    def _weights(self) -> np.ndarray:
        return np.ones(len(self)) if self.weight is None else self.weight

    def by_query(self) -> Samples:
        """Order the rows so that each query lies in one piece; the order inside a query is kept.

        Samples without queries come back as they are.
        """
        if self.query is None or not np.any(np.diff(self.query) < 0):
            return self
        return self.take(np.argsort(self.query, kind="stable"))

    @property
    def query_sizes(self) -> np.ndarray:
        """Rows per query in the order of `by_query()`, shape (queries,); empty without queries."""
        if self.query is None:
            return np.empty(0, dtype=np.int64)
        return np.unique(self.query, return_counts=True)[1]


def fit_target(frame: pd.DataFrame, assignment: pd.DataFrame, brief: BriefConfig) -> Target:
    """Fit the target; of the test rows nothing is read but the names of their classes.

    Which class is positive, where the brief does not say, is chosen by the rows that are not for the test.

    Args:
        frame: Rows with `_row_id` and the target.
        assignment: `_row_id` and `_split`.
        brief: Names the target, the task and the positive class.

    Raises:
        TargetError: The target cannot be learnt.
    """
    split = frame[ROW_ID].map(assignment.set_index(ROW_ID)[SPLIT])
    values, positive = frame[brief.target], brief.positive_class
    if positive is None:
        learnt = Target.fit(values[split.isin([TRAIN, VALIDATION])], brief.task, name=brief.target)
        positive = learnt.positive
    whole = values[split.notna() & (split != UNLABELED)]
    if brief.task is not Task.CLASSIFICATION:
        whole = whole[split.loc[whole.index] != TEST]
    return Target.fit(whole, brief.task, name=brief.target, positive_class=positive)


def build_samples(
    frame: pd.DataFrame,
    features: FeatureSet,
    assignment: pd.DataFrame,
    split: str,
    *,
    target: Target,
    names: Sequence[str] | None = None,
    group: str | None = None,
    event_time: str | None = None,
) -> Samples:
    """Gather the samples of one split, in the order of the frame (ranking: query by query).

    Args:
        frame: Rows with `_row_id`, the target, the group and event time where they are named, and `_weight` where
            labels were guessed.
        features: The features of these rows.
        assignment: `_row_id` and `_split`.
        split: The split to gather, such as `train`.
        target: How targets are encoded.
        names: The features to take; all by default.
        group: Ranking: the column of the query id.
        event_time: The column of the event time.

    Raises:
        DataError: No row belongs to the split, a column that is named is absent, or a weight is not above 0.
        TargetError: A row of the split has no target.
    """
    ids = assignment.loc[assignment[SPLIT] == split, ROW_ID]
    rows = frame.loc[frame[ROW_ID].isin(ids)]
    if rows.empty:
        raise DataError(
            f"the split {split!r} holds no rows",
            expected="at least one labelled row",
            got=f"splits with rows: {sorted(assignment[SPLIT].unique())}",
            advice="give more rows or other fractions in dataset.split",
        )
    row_ids = rows[ROW_ID].to_numpy(dtype=np.int64)
    matrix = features.matrix(row_ids)
    samples = Samples(
        matrix if names is None else matrix.select(names),
        target.encode(_column(rows, target.name)),
        row_ids,
        query=_codes(_column(rows, group)) if group and target.kind is Kind.RANKING else None,
        time=_column(rows, event_time).to_numpy(dtype="datetime64[ns]") if event_time else None,
        weight=_weights(rows[WEIGHT]) if WEIGHT in rows.columns else None,
    )
    return samples.by_query()


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame.columns:
        raise DataError(
            f"the column {name!r} is absent",
            expected="the target, the group and the event time among the columns",
            got=f"{[str(column) for column in frame.columns[:20]]}",
            advice="correct its name in defs.yaml",
        )
    return frame[name]


def _codes(queries: pd.Series) -> np.ndarray:
    return pd.factorize(queries, use_na_sentinel=False)[0].astype(np.int64)


def _weights(values: pd.Series) -> np.ndarray | None:
    """The weights, or None where all rows count fully: what is fitted is then the same to the byte as without any."""
    weights = values.to_numpy(dtype=np.float64)
    if not (weights > 0).all():
        raise DataError(
            f"the weights of rows ({WEIGHT}) cannot be used",
            expected="numbers above 0",
            got=f"{int((~(weights > 0)).sum())} that are missing, 0 or less",
            advice="label the rows again",
        )
    return None if (weights == 1).all() else weights
