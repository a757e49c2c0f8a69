"""The prototype: a small fixed model, cross-validated on training rows beside models that read no feature.

Features are fitted inside each fold. No row of the validation or test split is read. What the figures mean for the
project lives in `scores`.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Task
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.folds import Folds, make_folds
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, TRAIN, VALIDATION
from ml_lifecycle.errors import DataError
from ml_lifecycle.features.matrix import build_features
from ml_lifecycle.modeling.baselines.menu import offer_baselines
from ml_lifecycle.modeling.baselines.record import predict_with
from ml_lifecycle.modeling.estimators import FittedModel, Goal, Rounds, get_family
from ml_lifecycle.modeling.samples import Samples, build_samples
from ml_lifecycle.modeling.search_space import Parameter
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.modeling.training import count_threads, fit_model

#: The model of the prototype, and what else reads features.
BOOSTING, LINEAR = "boosting", "linear"
#: Baselines that read features: they are prototypes themselves, no floor.
READERS = frozenset({LINEAR, "tree", "single_feature"})
ROUNDS = 100
PARAMETERS: Mapping[str, Parameter] = {"num_leaves": 15, "learning_rate": 0.1, "min_data_in_leaf": 10}
#: Fewer rows allow no folds that teach anything.
_LEAST_ROWS = 20
_STREAM = 21


@dataclass(frozen=True, slots=True)
class JudgedFold:
    """One fold, with what was learnt on its one side and predicted of the other.

    Args:
        train: Rows that were learnt from.
        valid: Rows that were judged.
        models: The prototypes by name.
        predictions: Of the judged rows, by model: prototypes and baselines.
        seconds: Of the fit of the boosted trees.
    """

    train: Samples
    valid: Samples
    models: Mapping[str, FittedModel]
    predictions: Mapping[str, np.ndarray]
    seconds: float


@dataclass(frozen=True, slots=True)
class Trial:
    """Predictions of training rows by models that did not learn from them.

    Args:
        target: The target.
        row_ids: `_row_id` of the judged rows, shape (n,).
        y: Encoded targets, shape (n,).
        query: Ranking: query of each row, shape (n,), different in each fold.
        groups: Group or entity of each row where rows are not independent, shape (n,).
        predictions: By model, shape (n,) or (n, k).
        features: Number of features.
        rows: Training rows that were looked at.
        seconds: Of one fit of the boosted trees, in the mean.
        last: The last fold: the learning curve is traced on it.
        note: What is to be known of the folds.
    """

    target: Target
    row_ids: np.ndarray
    y: np.ndarray
    query: np.ndarray | None
    groups: np.ndarray | None
    predictions: Mapping[str, np.ndarray]
    features: int
    rows: int
    seconds: float
    last: JudgedFold
    note: str = ""

    @property
    def floor(self) -> list[str]:
        """Names of the models that read no feature."""
        return [name for name in self.predictions if name not in READERS | {BOOSTING}]


def draw_training_rows(frame: pd.DataFrame, assignment: pd.DataFrame, project: ProjectConfig) -> pd.DataFrame:
    """At most `discovery.feasibility.rows` training rows, drawn at random, whole groups where one is named.

    Args:
        frame: Rows with `_row_id`.
        assignment: `_row_id` and `_split`.
        project: Names the group, the seed and the number of rows.
    """
    ids = assignment.loc[assignment[SPLIT] == TRAIN, ROW_ID]
    rows = frame.loc[frame[ROW_ID].isin(ids)].reset_index(drop=True)
    most, group = project.discovery.feasibility.rows, project.dataset.group
    if len(rows) <= most:
        return rows
    codes = pd.factorize(rows[group], use_na_sentinel=False)[0] if group in rows.columns else np.arange(len(rows))
    rng = np.random.default_rng([project.modeling.seed, _STREAM])
    order = rng.permutation(int(codes.max()) + 1)
    taken = np.cumsum(np.bincount(codes)[order]) <= most
    return rows.loc[np.isin(codes, order[taken])].reset_index(drop=True)


def try_prototype(rows: pd.DataFrame, target: Target, project: ProjectConfig) -> Trial:
    """Cross-validate the prototypes and the models without features.

    Args:
        rows: Training rows, as `draw_training_rows` gives them.
        target: The target.
        project: The project; columns that its `non_features` name are not read.

    Raises:
        DataError: There are too few rows for the folds.
    """
    divided, note = divide_rows(rows, project)
    folds = list(_judge_folds(rows, divided, target, project))
    names = [name for name in folds[0].predictions if all(name in fold.predictions for fold in folds)]
    sides = [fold.valid for fold in folds]
    ids = np.concatenate([side.row_ids for side in sides])
    return Trial(
        target=target,
        row_ids=ids,
        y=np.concatenate([side.y for side in sides]),
        query=_join_queries(sides),
        groups=_groups_of(rows, ids, project),
        predictions={name: np.concatenate([fold.predictions[name] for fold in folds]) for name in names},
        features=len(folds[-1].train.matrix.names),
        rows=len(rows),
        seconds=float(np.mean([fold.seconds for fold in folds])),
        last=folds[-1],
        note=note,
    )


def divide_rows(rows: pd.DataFrame, project: ProjectConfig) -> tuple[Folds, str]:
    """Folds as the project divides rows, but fewer; and what is to be known of them.

    Where outcomes come so late that no fold in time has rows to learn from, they are taken as known at once.

    Raises:
        DataError: There are too few rows for the folds.
    """
    if len(rows) < _LEAST_ROWS:
        raise DataError(
            "too few training rows for folds",
            expected=f"{_LEAST_ROWS} or more",
            got=f"{len(rows)}",
            advice="collect more rows whose outcome is known",
        )
    brief, data = project.brief, project.dataset
    fewer = data.split.folds.model_copy(update={"n": project.discovery.feasibility.folds})
    config = data.model_copy(update={"split": data.split.model_copy(update={"folds": fewer})})
    whole = pd.DataFrame({ROW_ID: rows[ROW_ID], SPLIT: TRAIN})
    try:
        return make_folds(rows, whole, config, target=brief.target, task=brief.task), ""
    except DataError:
        if data.outcome_time is None:
            raise
    known = config.model_copy(update={"outcome_time": None})
    note = (
        "Outcomes come too late for folds in time: the prototype learnt from outcomes that were not known yet when the "
        "rows happened that it was judged on. Its figures may be too good."
    )
    return make_folds(rows, whole, known, target=brief.target, task=brief.task), note


def without_columns(project: ProjectConfig, columns: Collection[str]) -> ProjectConfig:
    """The project, blind to some columns."""
    if not columns:
        return project
    excluded = (*project.features.exclude, *sorted(set(columns) - set(project.features.exclude)))
    return project.model_copy(update={"features": project.features.model_copy(update={"exclude": excluded})})


def _judge_folds(rows: pd.DataFrame, folds: Folds, target: Target, project: ProjectConfig) -> Iterator[JudgedFold]:
    data = project.dataset
    goal = Goal(
        target.kind,
        classes=len(target.classes),
        seed=project.modeling.seed,
        threads=count_threads(project.modeling.threads),
    )
    entity = rows.set_index(ROW_ID)[data.entity] if data.entity in rows.columns else None
    for learnt, judged in folds:
        train, valid = _sides(rows, learnt, judged, target, project)
        yield _fit(train, valid, goal, entity, timedelta(days=data.split.gap_days))


def _sides(
    rows: pd.DataFrame, learnt: np.ndarray, judged: np.ndarray, target: Target, project: ProjectConfig
) -> tuple[Samples, Samples]:
    """Both sides of a fold; features are fitted on the rows that are learnt from, and on no other."""
    part = rows.loc[rows[ROW_ID].isin(np.concatenate([learnt, judged]))].reset_index(drop=True)
    side = np.where(part[ROW_ID].isin(learnt), TRAIN, VALIDATION)
    assignment = pd.DataFrame({ROW_ID: part[ROW_ID], SPLIT: side})
    features = build_features(part, assignment, project)
    data = project.dataset
    train, valid = (
        build_samples(part, features, assignment, name, target=target, group=data.group, event_time=data.event_time)
        for name in (TRAIN, VALIDATION)
    )
    return train, valid


def _fit(train: Samples, valid: Samples, goal: Goal, entity: pd.Series | None, delay: timedelta) -> JudgedFold:
    offers = offer_baselines(train, valid, goal, label_delay=delay, entity=entity)
    made = {name: offer.make() for name, offer in offers.items()}
    predictions = {name: predict_with(model, valid, entity) for name, model in made.items()}
    began = time.perf_counter()
    boosting = fit_model(get_family("lightgbm"), train, None, PARAMETERS, goal=goal, rounds=Rounds(ROUNDS)).model
    seconds = time.perf_counter() - began
    predictions[BOOSTING] = boosting.predict_matrix(valid.matrix)
    linear = made[LINEAR]
    models = {BOOSTING: boosting, **({LINEAR: linear} if isinstance(linear, FittedModel) else {})}
    return JudgedFold(train, valid, models, predictions, seconds)


def _join_queries(sides: Sequence[Samples]) -> np.ndarray | None:
    """Queries of all folds; codes begin anew in each fold, and queries of two folds are different ones."""
    queries, first = [], 0
    for side in sides:
        if side.query is None:
            return None
        queries.append(side.query + first)
        first += int(side.query.max()) + 1
    return np.concatenate(queries)


def _groups_of(rows: pd.DataFrame, ids: np.ndarray, project: ProjectConfig) -> np.ndarray | None:
    dependent = project.dataset.group or project.dataset.entity
    if project.brief.task is Task.RANKING or dependent not in rows.columns:
        return None
    return np.asarray(pd.factorize(rows.set_index(ROW_ID)[dependent].loc[ids], use_na_sentinel=False)[0])
