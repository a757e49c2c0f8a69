"""`ExperimentResult`: what is kept of an experiment, so that it can be judged and compared later.

How one is trained lives in `training`, whether its hypothesis held in `hypotheses`, several side by side in
`comparison`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import reduce
from typing import Any, Self

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.experiment import HypothesisConfig
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.errors import DataError
from ml_lifecycle.evaluation.comparison.footprint import Footprint
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.evaluation.validation.cross_validation import CrossValidation, tabulate_predictions
from ml_lifecycle.modeling.predictor import Predictor
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.parts import Parts

_PREDICTIONS, _FOLDS, _FILE = "predictions", "folds", "experiment.json"
_FACTS = (
    "name",
    "kind",
    "metric",
    "value",
    "parameters",
    "features",
    "config",
    "effort",
    "created_at",
    "data_versions",
)


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """One experiment, or the project's tuned model beside which experiments are put.

    Args:
        name: Its name; `tuned_model` for the project's own, `champion` for the one in production.
        kind: The kind of problem.
        metric: The project's primary metric.
        value: Its value on the validation rows.
        predictions: Of the validation rows: `_row_id`, `y`, `p_0` (and `p_1` ... for classes), and `query` or `group`
            where rows belong together.
        parameters: Hyperparameters of the model.
        features: Names of its features.
        config: The experiment's YAML; empty for the tuned model.
        footprint: What the model costs.
        effort: What making it cost, such as `wall_seconds`, `cpu_seconds`, `trials`.
        created_at: When it was made, ISO 8601.
        data_versions: Versions of the tables it was made of, by name.
        folds: Values on folds, as `CrossValidation.folds`; None where it was not cross-validated.
    """

    name: str
    kind: Kind
    metric: str
    value: float
    predictions: pd.DataFrame
    parameters: Mapping[str, Any]
    features: tuple[str, ...]
    config: Mapping[str, Any] = field(default_factory=dict)
    footprint: Footprint = field(default_factory=Footprint)
    effort: Mapping[str, Any] = field(default_factory=dict)
    created_at: str = ""
    data_versions: Mapping[str, str] = field(default_factory=dict)
    folds: pd.DataFrame | None = None

    @property
    def hypothesis(self) -> HypothesisConfig | None:
        """What is believed; None for the tuned model."""
        stated = self.config.get("hypothesis")
        return None if stated is None else HypothesisConfig.model_validate(stated)

    @property
    def reference(self) -> str | None:
        """What it is to be compared with; None for the tuned model."""
        named = self.config.get("reference")
        return None if named is None else str(named)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, without the predictions."""
        facts = {name: getattr(self, name) for name in _FACTS} | {"rows": len(self.predictions)}
        folds = None if self.folds is None else json.loads(self.folds.to_json(orient="records"))
        plain: dict[str, Any] = json.loads(json.dumps({**facts, "footprint": asdict(self.footprint)}, default=_plain))
        return plain | {"folds": folds}

    def markdown(self) -> str:
        """The hypothesis, what was changed, and the figures."""
        stated, cost = self.hypothesis, self.footprint
        head = [f"**{self.name}**: {self.metric} {self.value:.5g} on {len(self.predictions):,} validation rows", ""]
        if stated is not None:
            head += [f"Hypothesis: {stated.statement}", f"Expected: {stated.expected or 'not said'}", ""]
        if self.config.get("changes"):
            head += ["Changes:", "", "```json", json.dumps(self.config["changes"], indent=1), "```", ""]
        shown = {
            "features": len(self.features),
            "latency p50, ms": cost.latency_p50_ms,
            "latency p95, ms": cost.latency_p95_ms,
            "size, bytes": cost.size_bytes,
            **self.effort,
            **{f"parameter {name}": value for name, value in self.parameters.items()},
        }
        table = [f"| {name} | {_shown(value)} |" for name, value in shown.items() if value is not None]
        return "\n".join([*head, "| | |", "| --- | ---: |", *table])

    def to_parts(self) -> Parts:
        """The tables, and the facts as JSON."""
        facts = {name: getattr(self, name) for name in _FACTS} | {"footprint": asdict(self.footprint)}
        folds = {} if self.folds is None else {_FOLDS: self.folds}
        text = json.dumps(facts, sort_keys=True, default=_plain).encode()
        return Parts({_PREDICTIONS: self.predictions, **folds}, {_FILE: text})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put it together again."""
        facts: dict[str, Any] = json.loads(parts.files[_FILE])
        facts |= {"kind": Kind(facts["kind"]), "features": tuple(facts["features"])}
        footprint = Footprint(**facts.pop("footprint"))
        predictions = parts.tables[_PREDICTIONS].sort_values(ROW_ID, ignore_index=True)
        folds = parts.tables[_FOLDS].sort_values("fold", ignore_index=True) if _FOLDS in parts.tables else None
        return cls(**facts, predictions=predictions, footprint=footprint, folds=folds)


def gather_result(
    name: str,
    predictor: Predictor,
    valid: Samples,
    *,
    metric: Metric,
    predictions: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    config: Mapping[str, Any] | None = None,
    footprint: Footprint | None = None,
    effort: Mapping[str, Any] | None = None,
    created_at: str = "",
    data_versions: Mapping[str, str] | None = None,
    folds: CrossValidation | None = None,
) -> ExperimentResult:
    """Gather what is kept of a model; also of the project's tuned model and the one in production, as references.

    Args:
        name: Its name.
        predictor: The model with all that predicting needs.
        valid: The validation rows.
        metric: The project's primary metric.
        predictions: What it says of the validation rows, where its features are others than those of `valid` (a model
            of an earlier version); else they are made, shape (n,) or (n, k).
        groups: Group of each validation row where rows are not independent, shape (n,).
        config: The experiment's YAML.
        footprint: What the model costs.
        effort: What making it cost.
        created_at: When it was made, ISO 8601.
        data_versions: Versions of the tables it was made of, by name.
        folds: Its cross-validation.
    """
    predictions = predictor.predict_samples(valid) if predictions is None else predictions
    table = tabulate_predictions(valid, predictions)
    belonging = {"query": valid.query, "group": groups}
    table = table.assign(**{key: codes for key, codes in belonging.items() if codes is not None})
    facts = predictor.model.facts
    return ExperimentResult(
        name=name,
        kind=predictor.target.kind,
        metric=metric.name,
        value=float(metric(valid.y, predictions, valid.query)),
        predictions=table.sort_values(ROW_ID, ignore_index=True),
        parameters=dict(facts.parameters),
        features=tuple(facts.names),
        config=dict(config or {}),
        footprint=footprint or Footprint(),
        effort=dict(effort or {}),
        created_at=created_at,
        data_versions=dict(data_versions or {}),
        folds=None if folds is None else folds.folds,
    )


@dataclass(frozen=True, slots=True)
class SharedRows:
    """The validation rows that several experiments share.

    Args:
        y: Encoded targets, shape (n,).
        predictions: By name of the experiment, shape (n,) or (n, k).
        query: Query of each row, shape (n,).
        groups: Group of each row where rows are not independent, shape (n,).
        left_out: Rows that only some of them have.
    """

    y: np.ndarray
    predictions: Mapping[str, np.ndarray]
    query: np.ndarray | None
    groups: np.ndarray | None
    left_out: int


def share_rows(results: Mapping[str, ExperimentResult]) -> SharedRows:
    """Put experiments on the same validation rows, by their ids.

    Raises:
        DataError: They share no rows, or disagree about the truth: the data have changed between them.
    """
    tables = {name: result.predictions.set_index(ROW_ID) for name, result in results.items()}
    shared = reduce(lambda a, b: a.intersection(b), (table.index for table in tables.values())).sort_values()
    first = next(iter(tables.values())).reindex(shared)
    tables = {name: table.reindex(shared) for name, table in tables.items()}
    kinds = {result.kind for result in results.values()}
    truths = all(np.array_equal(table["y"], first["y"]) for table in tables.values())
    if shared.empty or not truths or len(kinds) > 1:
        raise DataError(
            "experiments cannot be compared",
            expected="the same validation rows with the same targets",
            got="no common row" if shared.empty else "other targets for the same rows",
            advice="the data or the split have changed between them: train the experiments again",
        )
    union = reduce(lambda a, b: a.union(b), (pd.Index(result.predictions[ROW_ID]) for result in results.values()))
    return SharedRows(
        y=first["y"].to_numpy(),
        predictions={name: _predictions_in(table) for name, table in tables.items()},
        query=first["query"].to_numpy() if "query" in first else None,
        groups=first["group"].to_numpy() if "group" in first else None,
        left_out=len(union) - len(shared),
    )


def _predictions_in(table: pd.DataFrame) -> np.ndarray:
    count = sum(str(column).startswith("p_") for column in table.columns)
    values = table[[f"p_{place}" for place in range(count)]].to_numpy(dtype=np.float64)
    return np.asarray(values[:, 0] if count == 1 else values)


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else str(value)


def _shown(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)
