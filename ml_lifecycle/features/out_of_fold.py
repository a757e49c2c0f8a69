"""Target encoding of the training rows: each by the rows of the other folds, never by its own target.

The encoder itself lives in `encoders/target_mean`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml_lifecycle.config.features import ColumnFeatureConfig, FeaturesConfig
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.rows import ROW_ID, Hashes, hash_values, mix
from ml_lifecycle.errors import DataError
from ml_lifecycle.features.columns import Columns
from ml_lifecycle.features.encoders.target_mean import TargetColumn
from ml_lifecycle.features.extraction import FeatureExtractor
from ml_lifecycle.features.targets import TargetNumbers, read_classes, read_target
from ml_lifecycle.features.values import FeatureMatrix


def needs_target(config: FeaturesConfig) -> bool:
    """Whether some column is encoded by its mean target."""
    return any(column.encode == "target" for column in config.columns.values())


def read_training_target(train: pd.DataFrame, config: ProjectConfig) -> TargetNumbers:
    """Read the target of the training rows.

    Raises:
        DataError: The target is not there.
        TargetError: It cannot be averaged.
    """
    name = config.brief.target
    if name not in train.columns:
        raise DataError(
            f"the target {name!r} is absent",
            expected="it beside the rows, since a column is encoded by its mean target",
            got=f"{[str(column) for column in train.columns[:20]]}",
            advice="give the labelled rows, or choose another encoding",
        )
    return read_target(train[name], config.brief, read_classes(train[name], config.brief))


def row_hashes(train: pd.DataFrame, config: ProjectConfig) -> Hashes:
    """What decides the fold of a row: its identity, or that of its group, whose rows must not tell of each other."""
    group = config.dataset.group
    if group is not None and group in train.columns:
        return hash_values(train[group])
    return mix(train[ROW_ID].to_numpy(dtype=np.int64).view(np.uint64))


def encode_out_of_fold(
    extractor: FeatureExtractor,
    train: Columns,
    target: TargetNumbers,
    hashes: Hashes,
    config: FeaturesConfig,
    *,
    matrix: FeatureMatrix,
    rows: np.ndarray,
) -> None:
    """Replace the target encoding of the training rows in a matrix.

    Args:
        extractor: Fitted on the training rows.
        train: The training rows.
        target: Their targets.
        hashes: What decides the fold of each.
        config: Says how many folds.
        matrix: The features of all rows; its values are changed in place.
        rows: Positions of the training rows in it.
    """
    place = {name: index for index, name in enumerate(matrix.names)}
    for encoder in extractor.encoders:
        if isinstance(encoder, TargetColumn):
            count = config.columns.get(encoder.column, ColumnFeatureConfig()).folds
            folds = (hashes % np.uint64(count)).astype(np.int64)
            out = np.empty((len(encoder.features), train.rows), dtype=np.float32)
            encoder.encode_out_of_fold(extractor.values_of(encoder, train), target, folds, out)
            for name, line in zip(encoder.features, out, strict=True):
                matrix.values[rows, place[name]] = line  # noqa: PD011 - not a frame
