"""A tiny real project, model and package for the tests of release and serving; it is no test itself."""

import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.loading import build_project
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, identify
from ml_lifecycle.dataset.schema import Schema, infer_schema
from ml_lifecycle.features.matrix import FeatureSet, build_features
from ml_lifecycle.modeling.decision import Decision
from ml_lifecycle.modeling.estimators import Goal, Rounds, get_family
from ml_lifecycle.modeling.predictor import Predictor
from ml_lifecycle.modeling.samples import build_samples
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.modeling.training import fit_model
from ml_lifecycle.release.manifest import Manifest
from ml_lifecycle.release.package_writing import write_package
from ml_lifecycle.release.packaging import Package, load_package

ROWS = 240
LINEAGE = {"raw_data": "r1", "tuned_model": "t1"}
REFERENCE = b'{"format": 1}'


def table(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Loan applications: an id, an event time, a customer, two numbers, a category, and three possible targets."""
    random = np.random.default_rng(seed)
    income, age = random.normal(50, 15, rows).round(2), random.integers(18, 80, rows)
    city = random.choice(["Oslo", "Riga", "Rome"], rows)
    signal = income / 15 + 0.05 * age + (city == "Riga") + random.normal(scale=0.3, size=rows)
    income[::23] = np.nan
    return pd.DataFrame(
        {
            "id": [f"a{number}" for number in range(rows)],
            "applied": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(rows), unit="h"),
            "customer": [f"c{number % 50}" for number in range(rows)],
            "income": income,
            "age": age,
            "city": city,
            "repaid": np.where(signal > np.median(signal), "yes", "no"),
            "grade": np.array(["low", "middle", "high"])[np.digitize(signal, np.quantile(signal, [0.3, 0.7]))],
            "loss": signal.round(3),
        }
    )


_TARGETS = {Kind.BINARY: "repaid", Kind.MULTICLASS: "grade", Kind.REGRESSION: "loss"}


def project(root: Path, kind: Kind = Kind.BINARY, **sections: dict[str, Any]) -> ProjectConfig:
    """The project of the table."""
    target = _TARGETS[kind]
    attributes: dict[str, Any] = {
        "brief": {
            "problem": "Who repays?",
            "task": "regression" if kind is Kind.REGRESSION else "classification",
            "target": target,
            "success_criteria": {"rmse" if kind is Kind.REGRESSION else "log_loss": "<= 0.9"},
        },
        "dataset": {
            "sources": [{"path": "loans.csv"}],
            "id": "id",
            "event_time": "applied",
            "entity": "customer",
            "drop": [name for name in _TARGETS.values() if name != target],
        },
    }
    for name, section in sections.items():
        attributes[name] = {**attributes.get(name, {}), **section}
    return build_project(attributes, name="tiny", folder=root, root=root)


@cache
def predictor(kind: Kind = Kind.BINARY, seed: int = 0) -> Predictor:
    """A real predictor of a few trees."""
    return _fit(project(Path(), kind), kind, seed)[0]


@cache
def with_intervals() -> Predictor:
    """A predictor of losses whose intervals hold 80 %."""
    return _fit(project(Path(), Kind.REGRESSION), Kind.REGRESSION, 0, coverage=0.8)[0]


def without_city(decision: Decision) -> Predictor:
    """A predictor that does not read the city, with a decision that may."""
    config = project(Path(), Kind.BINARY, dataset={"drop": ["grade", "loss", "city"]})
    return replace(_fit(config, Kind.BINARY, 0)[0], decision=decision)


#: What the customers earned before.
HISTORY = {"column": "income", "lags": [1, 2], "windows": ["3d", "all"], "statistics": ["mean", "count"]}


@cache
def looking_back() -> tuple[Predictor, FeatureSet]:
    """A predictor that looks back on earlier applications of a customer, and the features it was fitted on."""
    return _fit(project(Path(), Kind.REGRESSION, features={"history": [HISTORY]}), Kind.REGRESSION, 0)


def history_package(folder: Path) -> Package:
    """Write and read the package of a model that looks back."""
    fitted, features = looking_back()
    write(folder, Kind.REGRESSION, predictor=fitted, history=features.history)
    return load_package(folder)


def _fit(config: ProjectConfig, kind: Kind, seed: int, coverage: float | None = None) -> tuple[Predictor, FeatureSet]:
    rows = identify(table().drop(columns=list(config.dataset.drop)), "id")
    assignment = pd.DataFrame({ROW_ID: rows[ROW_ID], SPLIT: "train"})
    features = build_features(rows, assignment, config)
    name = config.brief.target
    target = Target.fit(rows[name], config.brief.task, name=name)
    samples = build_samples(
        rows, features, assignment, "train", target=target, names=None, group=None, event_time="applied"
    )
    goal = Goal(kind, classes=len(target.classes), seed=seed, threads=1)
    parameters = {"num_leaves": 7, "min_data_in_leaf": 5}
    fit = fit_model(get_family("lightgbm"), samples, None, parameters, goal=goal, rounds=Rounds(most=8 + seed))
    return Predictor.build(features.extractor, fit.model, target, valid=samples, coverage=coverage), features


@cache
def schema(kind: Kind = Kind.BINARY) -> Schema:
    """The schema of the table, as init would guess it."""
    config = project(Path(), kind)
    rows = table().drop(columns=list(config.dataset.drop))
    return infer_schema(rows, target=config.brief.target, task=config.brief.task, open_columns=["id", "customer"])


def write(folder: Path, kind: Kind = Kind.BINARY, seed: int = 0, **changes: Any) -> Manifest:
    """Write a package."""
    said: dict[str, Any] = {
        "project": "tiny",
        "predictor": predictor(kind, seed),
        "schema": schema(kind),
        "reference": REFERENCE,
        "example": table().head(5),
        "lineage": LINEAGE,
        "metrics": {"log_loss": 0.4},
        "facts": {"dagster_run": "d1"},
    }
    return write_package(folder, **{**said, **changes})


def package(folder: Path, kind: Kind = Kind.BINARY, seed: int = 0) -> Package:
    """Write a package and read it again."""
    write(folder, kind, seed)
    return load_package(folder)


def mlflow_folder(base: Path, target: Path) -> str:
    """An MLflow store of its own for a test; the migrations, which take seconds, are made once per session.

    Args:
        base: Where the store that is copied lies.
        target: Where the copy goes.

    Returns:
        Its URI.
    """
    template = base / "mlflow-template" / "mlflow.db"
    if not template.exists():
        import os

        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
        from mlflow import MlflowClient

        template.parent.mkdir(exist_ok=True)
        MlflowClient(tracking_uri=f"sqlite:///{template}").search_experiments()
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(template, target / "mlflow.db")
    return f"sqlite:///{target / 'mlflow.db'}"


def begin_run(uri: str, artifacts: Path) -> str:
    """Begin a run of an experiment whose artifacts lie in a folder of the test."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    return str(client.create_run(client.create_experiment("tiny", artifact_location=artifacts.as_uri())).info.run_id)
