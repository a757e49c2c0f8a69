"""Training an experiment: the project's way from rows to a model, with the sections that the experiment changes.

Rows and splits stay those of the project, so that all experiments can be compared. What it starts from is
`task`, what is kept of it `result`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ml_lifecycle.config.experiment import ExperimentConfig
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.folds import Folds
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.evaluation.comparison.footprint import Footprint, measure_footprint
from ml_lifecycle.evaluation.experiments.result import ExperimentResult, gather_result
from ml_lifecycle.evaluation.experiments.task import ModelTask, apply_changes, prepare_task
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.evaluation.validation.cross_validation import CrossValidation, cross_validate
from ml_lifecycle.features.history.windows import add_history
from ml_lifecycle.modeling.effort import measure_effort
from ml_lifecycle.modeling.kept_fits import KeptFits
from ml_lifecycle.modeling.predictor import Predictor
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.target import Target

#: Makes the model of an experiment: the predictor, and facts about the work such as the number of trials.
MakePredictor: TypeAlias = Callable[[ModelTask], tuple[Predictor, Mapping[str, Any]]]


def tune_and_build(task: ModelTask) -> tuple[Predictor, Mapping[str, Any]]:
    """Search for hyperparameters, fit, and calibrate on validation rows."""
    from ml_lifecycle.modeling.tuning import tune

    modeling, by_folds = task.project.modeling, task.project.modeling.search.validation == "folds"
    found = tune(
        task.train,
        task.valid,
        kind=task.target.kind,
        classes=len(task.target.classes),
        config=modeling,
        score=task.metric,
        storage=task.storage,
        study_name=f"experiment_{task.name}",
        augmentation=task.project.dataset.augmentation,
        folds=task.folds if by_folds else None,
    )
    predictor = Predictor.build(
        task.extractor, found.model, task.target, valid=task.valid, calibration=modeling.calibration
    )
    return predictor, {"trials": len(found.trials), "search_seconds": found.seconds, "search_rows": found.search_rows}


def train_experiment(
    project: ProjectConfig,
    experiment: ExperimentConfig,
    rows: pd.DataFrame,
    splits: pd.DataFrame,
    *,
    storage: Path,
    created_at: str,
    folds: Folds | None = None,
    metric: Metric | None = None,
    data_versions: Mapping[str, str] | None = None,
    make: MakePredictor = tune_and_build,
) -> tuple[Predictor, ExperimentResult]:
    """Train an experiment on the project's rows and splits; the test rows are not looked at.

    Args:
        project: The project as its YAML says.
        experiment: What is done otherwise, and why.
        rows: All validated rows with `_row_id`.
        splits: `_row_id` and `_split`.
        storage: Folder of the journals of searches; an interrupted one is resumed.
        created_at: The moment, ISO 8601.
        folds: Folds of the training rows; needed where the changed project judges anything on folds.
        metric: The primary metric; by default the brief's, where it is one that has a name alone.
        data_versions: Versions of the tables it is made of, by name.
        make: How the model is made, once features are selected; give the way the project's own model is made, so
            that nothing else differs.

    Raises:
        ConfigError: The changes are wrong.
        DataError: Features cannot be made of the rows.
        ModelError: Nothing can be learnt.
    """
    changed = apply_changes(project, experiment)
    with measure_effort(changed.modeling.price_per_core_hour) as meter:
        task = prepare_task(changed, experiment.name, rows, splits, storage=storage, folds=folds, metric=metric)
        predictor, facts = make(task)
    spent = meter.read()
    effort = {
        "wall_seconds": spent.wall_seconds,
        "cpu_seconds": spent.cpu_seconds,
        "peak_memory_mib": spent.peak_memory_mib,
        "cost": spent.cost,
        **facts,
    }
    result = gather_result(
        experiment.name,
        predictor,
        task.valid,
        metric=task.metric,
        groups=_groups_of(changed, rows, task.valid, task.target),
        config=experiment.model_dump(mode="json"),
        footprint=_measure(changed, predictor, rows, task.valid, seconds=spent.wall_seconds),
        effort=effort,
        created_at=created_at,
        data_versions=data_versions,
        folds=_judge_on_folds(task, predictor),
    )
    return predictor, result


def _judge_on_folds(task: ModelTask, predictor: Predictor) -> CrossValidation | None:
    """Where the project cross-validates its model, the experiment is cross-validated too."""
    if task.folds is None or not task.project.evaluation.cross_validation.enabled:
        return None
    return cross_validate(
        task.train,
        task.folds,
        predictor.model,
        metric=task.metric,
        confidence=task.project.evaluation.confidence,
        augmentation=task.project.dataset.augmentation,
        kept=KeptFits(task.storage / f"{task.project.name}.{task.name}.cross_validation"),
    )


def _groups_of(project: ProjectConfig, rows: pd.DataFrame, valid: Samples, target: Target) -> np.ndarray | None:
    """The group, else the entity, of each validation row; rankings have queries instead."""
    dependent = project.dataset.group or project.dataset.entity
    if target.kind.value == "ranking" or dependent is None or dependent not in rows:
        return None
    values = rows.set_index(ROW_ID)[dependent].loc[valid.row_ids]
    return np.asarray(pd.factorize(values, use_na_sentinel=False)[0])


def _measure(
    project: ProjectConfig, predictor: Predictor, rows: pd.DataFrame, valid: Samples, *, seconds: float
) -> Footprint:
    """Time of one validation row, with all that a prediction needs."""
    table = add_history(rows, project) if project.features.history else rows
    columns = [name for name in predictor.extractor.columns if name in table]
    row = table.loc[table[ROW_ID] == valid.row_ids[0], columns].to_dict(orient="records")[0]
    cells = {str(name): value for name, value in row.items()}
    size = sum(map(len, predictor.to_files().values()))
    return measure_footprint(predictor.predict_row, cells, size, training_seconds=seconds)
