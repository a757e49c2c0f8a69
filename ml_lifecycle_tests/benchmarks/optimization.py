"""Forms of a LightGBM model of 300 trees on 30 features: time of one row and of 1,000, size, and what they cost.

    OMP_NUM_THREADS=1 python -m ml_lifecycle_tests.benchmarks.optimization [--trees 300] [--features 30] [--rows 20000]

All forms are measured in turn in one process on one thread, beside the plain `Booster.predict`; `row_ratio` and
`batch_ratio` say how many times as fast as that a form is. The difference is that of the log loss on validation rows,
with its interval by the paired bootstrap; positive is better.
"""

import argparse

import lightgbm as lgb
import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.optimize import OptimizeConfig
from ml_lifecycle.evaluation.inference.significance import paired_bootstrap
from ml_lifecycle.evaluation.metrics import get_metric
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.estimators import FAMILIES, Goal, Rounds
from ml_lifecycle.modeling.estimators.lightgbm_trees import LightGBMModel
from ml_lifecycle.modeling.latency import compare_latency
from ml_lifecycle.modeling.optimization.choice import Difference, choose
from ml_lifecycle.modeling.optimization.forms import ORIGINAL, Form
from ml_lifecycle.modeling.optimization.profile import measure_profiles
from ml_lifecycle.modeling.optimization.variants import Means, make_form
from ml_lifecycle.modeling.samples import Samples

VARIANTS = ("prune", "prune_refit", "float16", "int8", "onnx", "compiled")
BATCH = 1_000
#: Columns that hold categories.
CATEGORICAL = (5, 17)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--features", type=int, default=30)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--sparsity", type=float, default=0.5)
    options = parser.parse_args()
    train, valid = (make_samples(options.rows, options.features, seed) for seed in (0, 1))
    model = fit(train, options.trees)
    print(tabulate(model, train, valid, options.sparsity).to_string(index=False, float_format=lambda x: f"{x:.4g}"))


def make_samples(rows: int, features: int, seed: int) -> Samples:
    """Rows whose class follows from sums, products, waves and a category, with noise and gaps."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, features)).astype(np.float32)
    for column in CATEGORICAL:
        values[:, column] = rng.integers(0, 30, rows)
    signal = values[:, 0] + values[:, 1] * values[:, 2] + np.sin(3 * values[:, 4]) + values[:, 5] % 3
    y = (signal + rng.normal(size=rows) > 1).astype(np.int64)
    values[rng.random(rows) < 0.1, 3] = np.nan
    names = tuple(f"f{number}" for number in range(features))
    return Samples(FeatureMatrix(values, names, CATEGORICAL), y, np.arange(rows))


def fit(train: Samples, trees: int) -> LightGBMModel:
    """A model of exactly so many trees."""
    goal, family = Goal(Kind.BINARY, 2, threads=1), FAMILIES["lightgbm"]
    parameters = {**family.default_parameters(len(train), goal), "num_leaves": 31}
    fitted = family.fit(family.prepare(train, None, goal, parameters), parameters, Rounds(most=trees)).model
    assert isinstance(fitted, LightGBMModel)
    return fitted


def tabulate(model: LightGBMModel, train: Samples, valid: Samples, sparsity: float) -> pd.DataFrame:
    """One row per form, and one for the plain booster."""
    metric, values = get_metric("log_loss"), valid.matrix.values  # noqa: PD011 - no frame
    before = model.predict(values)

    def compare(predictions: np.ndarray) -> Difference:
        found = paired_bootstrap(metric, valid.y, predictions, before, confidence=0.9)
        return Difference(found.a, found.difference, found.low, found.high)

    means = Means(
        OptimizeConfig(sparsity=sparsity),
        keeps_quality=lambda shorter: not compare(shorter.predict(values)).is_lost(0.0),
        train=lambda: train,
        values=values,
    )
    attempts = [Form.of(ORIGINAL, model), *(make_form(name, model, means) for name in VARIANTS)]
    forms = [attempt for attempt in attempts if isinstance(attempt, Form)]
    for attempt in attempts:
        if not isinstance(attempt, Form):
            print(f"{attempt.name}: {attempt.reason}")
    profiles = measure_profiles(forms, values, batch_rows=BATCH)
    row, batch = time_booster(model, values)
    rows = []
    for form in forms:
        profile, found = profiles[form.name], compare(form.predict(values))
        rows.append(
            {
                "form": form.name,
                "row_us": profile.row_p50_ms * 1e3,
                "row_ratio": row / profile.row_p50_ms,
                "batch_ms": profile.batch_p50_ms,
                "batch_ratio": batch / profile.batch_p50_ms,
                "size_kb": profile.size_bytes / 1024,
                "memory_kb": (profile.memory_bytes or 0) / 1024,
                "load_ms": profile.load_ms,
                "log_loss": found.value,
                "difference": found.difference,
                "low": found.low,
                "high": found.high,
                "kept": not found.is_lost(0.0),
                "note": form.note,
            }
        )
    kept = {line["form"] for line, form in zip(rows, forms, strict=True) if line["kept"] and form.model is not None}
    print(f"Booster.predict: {row * 1e3:.4g} us a row, {batch:.4g} ms for {BATCH:,} rows")
    costs = {form.name: (form.model.iterations, form.size_bytes) for form in forms if form.model is not None}
    print(f"fastest: {choose(costs, 'fastest', allowed=kept)}, smallest: {choose(costs, 'smallest', allowed=kept)}")
    return pd.DataFrame(rows)


def time_booster(model: LightGBMModel, values: np.ndarray) -> tuple[float, float]:
    """Median milliseconds of one row and of a batch by the booster as it is."""
    booster, one, many = lgb.Booster(model_str=model.text), values[:1], values[:BATCH]
    row = compare_latency({"row": lambda: booster.predict(one, num_threads=1)})["row"]
    batch = compare_latency({"batch": lambda: booster.predict(many, num_threads=1)}, repeats=20, warmup=2)["batch"]
    return row.p50_ms, batch.p50_ms


if __name__ == "__main__":
    main()
