"""`FeatureSet`: the features of all rows of a project with the extractor that made them, and the gates on it.

`FeatureMatrix`, what models take, is defined in `values` and offered here too. How columns become numbers lives in
`extraction`; which features are kept, in `selection`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, TRAIN
from ml_lifecycle.errors import DataError
from ml_lifecycle.features.columns import Columns
from ml_lifecycle.features.extraction import FeatureExtractor
from ml_lifecycle.features.history.state import HistoryState
from ml_lifecycle.features.history.windows import add_history
from ml_lifecycle.features.out_of_fold import encode_out_of_fold, needs_target, read_training_target, row_hashes
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Severity, Verdict

__all__ = ["FeatureMatrix", "FeatureSet", "build_features", "judge_constant", "judge_train_serve"]

_TABLE = "features"
_STATE = "extractor.json"
_NAMED = 10  # so many names are listed in a sentence; the facts hold all


@dataclass(frozen=True)
class FeatureSet:
    """The features of all rows.

    Args:
        extractor: What made them.
        table: `_row_id` and one float32 column per feature. Where a column is encoded by its mean target, the training
            rows have the mean of the other folds, which is not what the extractor would give them: see `TargetColumn`.
        history: Where the project asks for history, what the rows leave behind for those that come after them.
    """

    extractor: FeatureExtractor
    table: pd.DataFrame
    history: HistoryState | None = None

    def matrix(self, row_ids: np.ndarray) -> FeatureMatrix:
        """The features of some rows, in the order of `row_ids`, shape (n,).

        Raises:
            DataError: A row has no features.
        """
        rows = self._index.get_indexer(pd.Index(row_ids))
        if (rows < 0).any():
            raise DataError(
                "features are missing for some rows",
                expected="features of every row that is asked for",
                got=f"{int((rows < 0).sum())} of {len(rows)} rows without",
                advice="extract the features anew for the present rows",
            )
        return FeatureMatrix(self._values[rows], self.extractor.names, self.extractor.categorical)

    def to_parts(self) -> Parts:
        """Give the tables, and the extractor as JSON."""
        past = Parts() if self.history is None else self.history.to_parts()
        state = json.dumps(self.extractor.to_dict()).encode()
        return Parts({_TABLE: self.table, **past.tables}, {_STATE: state, **past.files})

    @classmethod
    def from_parts(cls, parts: Parts) -> FeatureSet:
        """Make a feature set of what `to_parts` gave."""
        extractor = FeatureExtractor.from_dict(json.loads(parts.files[_STATE]))
        history = HistoryState.from_parts(parts) if HistoryState.is_in(parts) else None
        return cls(extractor, parts.tables[_TABLE], history)

    @cached_property
    def _index(self) -> pd.Index[int]:
        index: pd.Index[int] = pd.Index(self.table[ROW_ID].to_numpy(dtype=np.int64))
        return index

    @cached_property
    def _values(self) -> np.ndarray:
        values = self.table[list(self.extractor.names)].to_numpy(dtype=np.float32)
        return np.ascontiguousarray(values)


def build_features(frame: pd.DataFrame, assignment: pd.DataFrame, config: ProjectConfig) -> FeatureSet:
    """Fit the extractor on the training rows and compute the features of all rows.

    History is computed on all rows first, since a row looks only at earlier ones: see `history.plan`.

    Args:
        frame: All rows with `_row_id`, and with the target where a column is encoded by it.
        assignment: `_row_id` and `_split`.
        config: The project; its `non_features` are left out.

    Raises:
        ConfigError: The features section asks for what cannot be done.
        DataError: There is no training row or no usable column.
    """
    train = np.flatnonzero(frame[ROW_ID].isin(assignment.loc[assignment[SPLIT] == TRAIN, ROW_ID]))
    if not len(train):
        raise DataError(
            "features cannot be fitted",
            expected="at least one training row",
            got=f"{len(frame)} rows, none of them in train",
            advice="check dataset.split and whether outcomes are known",
        )
    history = HistoryState.fit(frame, config) if config.features.history else None
    table = Columns(frame if history is None else add_history(frame, config))
    hidden = config.non_features | {ROW_ID, SPLIT}
    labelled = _labels(frame, config).iloc[train]
    target = read_training_target(labelled, config) if needs_target(config.features) else None
    extractor = FeatureExtractor.fit(
        table.take(train),
        config.features,
        columns=[str(column) for column in table.frame.columns if column not in hidden],
        event_time=config.dataset.event_time,
        target=target,
        readable=_readable(config, table),
        origins=None if history is None else history.origins,
    )
    matrix = extractor.transform(table)
    if target is not None:
        hashes = row_hashes(labelled, config)
        encode_out_of_fold(extractor, table.take(train), target, hashes, config.features, matrix=matrix, rows=train)
    made = pd.DataFrame(matrix.values, columns=list(matrix.names), copy=False)
    made.insert(0, ROW_ID, frame[ROW_ID].to_numpy(dtype=np.int64))
    return FeatureSet(extractor, made, history)


def _labels(frame: pd.DataFrame, config: ProjectConfig) -> pd.DataFrame:
    """The columns that target encoding looks at besides those that it encodes."""
    named = (ROW_ID, config.brief.target, config.dataset.group)
    return frame[[name for name in named if name is not None and name in frame.columns]]


def _readable(config: ProjectConfig, table: Columns) -> list[str]:
    """Columns that are no features but known when predicting: what is made of them may be features."""
    data, fair = config.dataset, config.evaluation.fairness
    forbidden = {config.brief.target, data.outcome_time, *data.drop, *(() if fair.use_as_features else fair.sensitive)}
    named = [*config.features.exclude, data.entity, data.group, data.event_time]
    return [name for name in named if name is not None and name not in forbidden and name in table]


def judge_constant(feature_set: FeatureSet, assignment: pd.DataFrame) -> Verdict:
    """Judge whether every feature varies over the training rows; missing against present counts as varying."""
    train_ids = assignment.loc[assignment[SPLIT] == TRAIN, ROW_ID].to_numpy()
    matrix = feature_set.matrix(train_ids)
    values = matrix.values  # noqa: PD011 - not a frame
    first = values[:1]
    same = ((values == first) | (np.isnan(values) & np.isnan(first))).all(axis=0)
    constant = [name for name, flag in zip(feature_set.extractor.names, same, strict=True) if flag]
    count = len(feature_set.extractor.names)
    return Verdict(
        gate="no_constant",
        passed=not constant,
        severity=Severity.WARN,
        summary=f"{len(constant)} of {count} features are constant: {', '.join(constant[:_NAMED])}"
        if constant
        else f"all {count} features vary over {len(values)} training rows",
        facts={"features": count, "constant": list(constant), "training_rows": len(values)},
        advice="exclude constant columns, or find out why they no longer vary",
    )


def judge_train_serve(
    extractor: FeatureExtractor, frame: pd.DataFrame, sample: int = 200, *, project: ProjectConfig | None = None
) -> Verdict:
    """Judge whether one row at a time gives the batch's features to the last bit, with an extractor stored and read.

    Args:
        extractor: The fitted extractor.
        frame: Rows to try.
        sample: How many of them, evenly spread.
        project: Where it is given and asks for history, the history columns of the rows are computed first; otherwise
            they are taken from the frame, or missing.
    """
    table = add_history(frame, project) if project is not None and extractor.history_columns else frame
    picked = np.unique(np.linspace(0, len(frame) - 1, num=min(sample, len(frame))).astype(np.intp))
    rows = table.iloc[picked]
    batch = extractor.transform(rows).values  # noqa: PD011 - not a frame
    served = FeatureExtractor.from_dict(json.loads(json.dumps(extractor.to_dict())))
    present = [column for column in served.columns if column in rows.columns]
    records: list[Mapping[str, object]] = rows[present].to_dict(orient="records")  # type: ignore[assignment]
    single = np.array([served.transform_row(record) for record in records], dtype=np.float32).reshape(batch.shape)
    equal = (batch.view(np.uint32) == single.view(np.uint32)) | (np.isnan(batch) & np.isnan(single))
    differing = [name for name, flag in zip(extractor.names, equal.all(axis=0), strict=True) if not flag]
    return Verdict(
        gate="train_serve_equal",
        passed=not differing and len(picked) > 0,
        summary=f"{len(differing)} features differ between batch and single rows: {', '.join(differing[:_NAMED])}"
        if differing
        else f"batch and single rows agree to the last bit on {len(picked)} rows",
        facts={"rows": len(picked), "features": len(extractor.names), "differing": list(differing)},
        advice="give rows to compare" if not len(picked) else "report the columns: their encoders break their contract",
    )
