"""What training an experiment starts from: the project with its changes, and samples with the selected features.

How the model is then made, and what is kept of it, is `training`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from ml_lifecycle.config.base import Section
from ml_lifecycle.config.consistency import judge_metric
from ml_lifecycle.config.experiment import ExperimentConfig
from ml_lifecycle.config.loading import describe
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.folds import Folds
from ml_lifecycle.dataset.rows import TRAIN, VALIDATION
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.evaluation.metrics import Metric, metric_for
from ml_lifecycle.features.extraction import FeatureExtractor
from ml_lifecycle.features.matrix import FeatureSet, build_features
from ml_lifecycle.features.selection import select_features
from ml_lifecycle.modeling.samples import Samples, build_samples, fit_target
from ml_lifecycle.modeling.target import Target


@dataclass(frozen=True, slots=True)
class ModelTask:
    """What making a model needs, once features are selected.

    Args:
        name: Name of the experiment.
        project: The project with the experiment's changes.
        train: Training rows with the selected features.
        valid: Validation rows, likewise.
        target: What is predicted.
        extractor: What made the features.
        metric: The project's primary metric.
        storage: Folder of the journals.
        folds: Folds of the training rows, where the project has any.
    """

    name: str
    project: ProjectConfig
    train: Samples
    valid: Samples
    target: Target
    extractor: FeatureExtractor
    metric: Metric
    storage: Path
    folds: Folds | None


def apply_changes(project: ProjectConfig, experiment: ExperimentConfig) -> ProjectConfig:
    """The project with the keys that an experiment changes.

    Sections are merged, so that `{modeling: {search: {trials: 50}}}` leaves the rest of the search as it is.

    Raises:
        ConfigError: A key is none that the YAML knows, its value is wrong, or it does not fit the others; or the
            hypothesis is about a metric that is unknown or not for this task.
    """
    _refuse_metric(experiment, project)
    try:
        return ProjectConfig.model_validate(_changed(project, experiment.changes))
    except ValidationError as error:
        raise ConfigError(
            f"the changes of the experiment {experiment.name!r} are wrong",
            expected="keys and values of the sections features and modeling, as the YAML reference describes them",
            got=describe(error),
            advice="correct the changes in the experiment's YAML",
        ) from error


def _refuse_metric(experiment: ExperimentConfig, project: ProjectConfig) -> None:
    stated = experiment.hypothesis.metric
    for wrong in [] if stated is None else judge_metric("hypothesis.metric", stated, project.brief):
        raise ConfigError(
            f"{wrong.key} of the experiment {experiment.name!r} is wrong",
            expected=wrong.expected,
            got=wrong.got,
            advice=wrong.advice,
        )


def prepare_task(
    project: ProjectConfig,
    name: str,
    rows: pd.DataFrame,
    splits: pd.DataFrame,
    *,
    storage: Path,
    folds: Folds | None,
    metric: Metric | None,
) -> ModelTask:
    """Make the features, select some, and gather the samples of train and validation.

    Args:
        project: The project with the experiment's changes.
        name: Name of the experiment.
        rows: All validated rows with `_row_id`.
        splits: `_row_id` and `_split`.
        storage: Folder of the journals of searches.
        folds: Folds of the training rows.
        metric: The primary metric; by default the brief's.

    Raises:
        DataError: Features cannot be made of the rows.
    """
    brief = project.brief
    target = fit_target(rows, splits, brief)
    features = build_features(rows, splits, project)
    train, valid = (
        build_samples(
            rows,
            features,
            splits,
            split,
            target=target,
            group=project.dataset.group,
            event_time=project.dataset.event_time,
        )
        for split in (TRAIN, VALIDATION)
    )
    names = _select(project, features, train, target, folds)
    return ModelTask(
        name=name,
        project=project,
        train=train.select(names),
        valid=valid.select(names),
        target=target,
        extractor=features.extractor,
        metric=metric or metric_for(target.kind, brief.metric, threshold=project.evaluation.threshold),
        storage=storage,
        folds=folds,
    )


def _select(
    project: ProjectConfig, features: FeatureSet, train: Samples, target: Target, folds: Folds | None
) -> tuple[str, ...]:
    chosen = project.features.selection
    repeat = [] if folds is None or not chosen.stability else [np.isin(train.row_ids, ids) for ids, _ in folds]
    return select_features(
        train.matrix,
        train.y,
        target.kind,
        chosen,
        seed=project.modeling.seed,
        groups=train.query,
        sources={name: features.extractor.source_of(name) for name in features.extractor.names},
        repeat_on=repeat,
    ).names


def _changed(section: Section, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What was set in a section, with changes: sections inside it are merged, all other values replaced.

    A default that is written out would count as given, and some keys are refused where they are given.
    """
    document = section.model_dump(exclude_unset=True)
    for key, value in changes.items():
        inner = getattr(section, key, None)
        if isinstance(inner, Section) and isinstance(value, Mapping):
            document[key] = _changed(inner, value)
        else:
            document[key] = value
    return document
