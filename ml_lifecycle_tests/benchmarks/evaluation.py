"""Seconds of an evaluation by part, on a generated table of 30 mixed columns.

    python -m ml_lifecycle_tests.benchmarks.evaluation [--rows 200000] [--train 100000] [--trees 300] [--repeats 1]
    python -m ml_lifecycle_tests.benchmarks.evaluation --rows 750 --train 3500 --repeats 3

The table: 20 numbers, of which four are missing here and there, and 10 categories of 2 to 200 values. The model:
LightGBM with so many trees. The search and the fit are not counted.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind, Task
from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.config.features import FeaturesConfig
from ml_lifecycle.evaluation.html_report import render_report
from ml_lifecycle.evaluation.learning_curve import trace_learning
from ml_lifecycle.evaluation.metrics import default_metric
from ml_lifecycle.evaluation.report import EvaluationReport, evaluate
from ml_lifecycle.features.extraction import FeatureExtractor
from ml_lifecycle.modeling.estimators import Goal, Rounds, get_family
from ml_lifecycle.modeling.predictor import Predictor
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.modeling.training import count_threads, fit_model

_NUMBERS = 20
_LEVELS = (2, 3, 5, 8, 10, 20, 30, 50, 100, 200)
_TARGET = "target"


def main() -> None:
    """Print the seconds of each part and of the whole, with the size of the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--train", type=int, default=100_000)
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--kind", choices=["binary", "multiclass", "regression"], default="binary")
    given = parser.parse_args()
    case = _build(Kind(given.kind), given.train, given.rows, given.trees)
    config = EvaluationConfig.model_validate({"fairness": {"sensitive": ["category_1"]}})
    for number in range(given.repeats):
        seconds: dict[str, float] = defaultdict(float)
        begun = time.perf_counter()
        report = _evaluate(case, config, seconds)
        seconds["html"] = -time.perf_counter()
        page = render_report(report, title="Evaluation", facts={"rows": str(report.rows)})
        seconds["html"] += time.perf_counter()
        whole = time.perf_counter() - begun
        print(f"run {number + 1}: {given.rows:,} rows, {given.kind}, {case.trees} trees: {whole:.2f} s in all")
        for name, spent in sorted(seconds.items(), key=lambda item: -item[1]):
            print(f"  {name:20s} {spent:7.2f} s {spent / whole:6.1%}")
        pictures = sum(map(len, report.figures.values()))
        print(f"  page {len(page) / 1e6:.2f} MB, {len(report.figures)} pictures of {pictures / 1e3:.0f} kB")
        print(f"  left out: {dict(report.notes)}")


@dataclass(frozen=True, slots=True)
class _Case:
    """A fitted model with the rows it is evaluated on."""

    predictor: Predictor
    train: Samples
    valid: Samples
    test: pd.DataFrame
    trees: int


def _evaluate(case: _Case, config: EvaluationConfig, seconds: dict[str, float]) -> EvaluationReport:
    predictor = case.predictor
    metric = default_metric(predictor.target.kind)

    def note(part: str, spent: float) -> None:
        seconds[part] += spent

    return evaluate(
        predictor.target.kind,
        case.test,
        predictor.target.encode(case.test[_TARGET]),
        predict=predictor.predict,
        config=config,
        columns=predictor.extractor.columns,
        importance=predictor.model.importance(),
        classes=tuple(map(str, predictor.target.classes)),
        model=predictor.model,
        extract=predictor.extractor.transform,
        learn=partial(trace_learning, predictor.model.facts, case.train, case.valid, metric),
        on_part=note,
    )


def _build(kind: Kind, train_rows: int, test_rows: int, trees: int) -> _Case:
    valid_rows = max(train_rows // 5, 200)
    frame = _make_table(train_rows + valid_rows + test_rows, kind, seed=0)
    train, valid = frame[:train_rows], frame[train_rows : train_rows + valid_rows]
    task = Task.REGRESSION if kind is Kind.REGRESSION else Task.CLASSIFICATION
    target = Target.fit(frame[_TARGET], task, name=_TARGET, positive_class="yes" if kind is Kind.BINARY else None)
    columns = [name for name in frame.columns if name != _TARGET]
    extractor = FeatureExtractor.fit(train, FeaturesConfig(), columns=columns, event_time=None)
    samples = [
        Samples(extractor.transform(part), target.encode(part[_TARGET]), part.index.to_numpy())
        for part in (train, valid)
    ]
    goal = Goal(kind, classes=len(target.classes), threads=count_threads(None))
    fit = fit_model(get_family("lightgbm"), samples[0], None, {}, goal=goal, rounds=Rounds(most=trees))
    predictor = Predictor.build(extractor, fit.model, target)
    test = frame[train_rows + valid_rows :].reset_index(drop=True)
    return _Case(predictor, samples[0], samples[1], test, fit.model.iterations)


def _make_table(rows: int, kind: Kind, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(rows, _NUMBERS))
    level = numbers[:, 0] + 0.5 * numbers[:, 1] ** 2 + numbers[:, 2] * numbers[:, 3] + 0.3 * numbers[:, 4]
    numbers[:, :4][rng.random((rows, 4)) < 0.05] = np.nan  # one cell in twenty
    columns: dict[str, np.ndarray] = {f"number_{place}": numbers[:, place] for place in range(_NUMBERS)}
    for place, count in enumerate(_LEVELS):
        codes = rng.integers(0, count, rows)
        level += 0.3 * rng.normal(size=count)[codes]
        columns[f"category_{place}"] = np.array([f"v{code}" for code in range(count)], dtype=object)[codes]
    level += rng.normal(size=rows)
    classes = np.array(["low", "middle", "high"], dtype=object)[np.digitize(level, [0, 1.5])]
    targets = {Kind.BINARY: np.where(level > 1, "yes", "no").astype(object), Kind.MULTICLASS: classes}
    return pd.DataFrame({**columns, _TARGET: targets.get(kind, level)})


if __name__ == "__main__":
    main()
