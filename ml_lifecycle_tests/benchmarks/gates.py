"""How often the gates promote what is no better, and how often what is better: simulations with known truth.

    python -m ml_lifecycle_tests.benchmarks.gates [--repeats 2000] [--resamples 200] [--worlds rmse] [--alpha 0.2]

In each world two models predict the same rows. Each sees the truth through noise of its own, half of it shared with the
other, so a model with less noise is better, and two with the same noise are equally good. Three rates are counted:

- equal: both have the same noise. At most alpha may be promoted, on few rows and on many: 5 %, or what `--alpha` says,
  such as the level of a retraining (`monitoring.retrain.alpha`).
- at margin: the candidate is better by exactly the `margin` of the configuration. It is not better by more, so again at
  most alpha. A worse candidate is promoted more seldom still.
- better: the true gain is declared beforehand as the smallest one worth having, `margin` is 0, and there are as many
  rows as `evaluation.inference.power.plan_rows` asks for. At least 80 % must be promoted.

Each rate is printed with its 95 % interval (Wilson), which says how far chance in the simulation itself reaches.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from ml_lifecycle.config.evaluation import ComparisonConfig, EvaluationConfig
from ml_lifecycle.evaluation.comparison.champion import compare
from ml_lifecycle.evaluation.inference.intervals import Interval, wilson
from ml_lifecycle.evaluation.inference.power import plan_rows
from ml_lifecycle.evaluation.metrics import Metric, get_metric
from ml_lifecycle.evaluation.model_gates import judge_beats_baseline

ALPHA, POWER = 0.05, 0.8
#: Noise of the champion, of a candidate that is better, and of one that is worse.
NOISE, LESS, MORE = 1.0, 0.7, 1.3
#: Rows that the true gain is read from (by a quick look, by the benchmark), and of the pilot that the number of
#: rows is planned by.
QUICK_ROWS, TRUTH_ROWS, PILOT_ROWS = 400_000, 4_000_000, 20_000
SIZES = (100, 300, 1_000)
#: Rows of a query, and of a group.
TOGETHER = 10


@dataclass(frozen=True, slots=True)
class Drawn:
    """Rows with two models' predictions."""

    y: np.ndarray
    a: np.ndarray
    b: np.ndarray
    query: np.ndarray | None = None
    groups: np.ndarray | None = None


#: Draws rows: from a generator, so many rows, and the noise of candidate and champion.
Draw = Callable[[np.random.Generator, int, float, float], Drawn]


@dataclass(frozen=True, slots=True)
class World:
    """A problem whose truth is known."""

    metric: str
    draw: Draw
    test: str = "bootstrap"


def _errors(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit noise of two models, correlated by one half."""
    shared, own_a, own_b = rng.normal(scale=np.sqrt(0.5), size=(3, rows))
    return shared + own_a, shared + own_b


def _by_group(rng: np.random.Generator, codes: np.ndarray) -> np.ndarray:
    """Unit noise of which two thirds are the same within a group."""
    shared = rng.normal(scale=np.sqrt(2 / 3), size=int(codes[-1]) + 1)[codes]
    return np.asarray(shared + rng.normal(scale=np.sqrt(1 / 3), size=len(codes)))


def _two_classes(level: float) -> Draw:
    def draw(rng: np.random.Generator, rows: int, noise_a: float, noise_b: float) -> Drawn:
        signal = rng.normal(loc=level, scale=1.5, size=rows)
        errors = _errors(rng, rows)
        a, b = (_logistic(signal + noise * error) for noise, error in zip((noise_a, noise_b), errors, strict=True))
        return Drawn((rng.random(rows) < _logistic(signal)).astype(np.int64), a, b)

    return draw


def _grouped_classes(rng: np.random.Generator, rows: int, noise_a: float, noise_b: float) -> Drawn:
    codes = np.arange(rows) // TOGETHER
    signal = 1.5 * _by_group(rng, codes)
    a, b = (_logistic(signal + noise * _by_group(rng, codes)) for noise in (noise_a, noise_b))
    return Drawn((rng.random(rows) < _logistic(signal)).astype(np.int64), a, b, groups=codes)


def _numbers(rng: np.random.Generator, rows: int, noise_a: float, noise_b: float) -> Drawn:
    signal, errors = rng.normal(size=rows), _errors(rng, rows)
    return Drawn(signal + rng.standard_t(8, size=rows), signal + noise_a * errors[0], signal + noise_b * errors[1])


def _rankings(rng: np.random.Generator, rows: int, noise_a: float, noise_b: float) -> Drawn:
    signal, errors = rng.normal(size=rows), _errors(rng, rows)
    grades = np.digitize(signal, [0.0, 1.0, 1.7]).astype(np.float64)
    query = np.arange(rows) // TOGETHER
    return Drawn(grades, signal + noise_a * errors[0], signal + noise_b * errors[1], query=query)


def _logistic(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-x)))


WORLDS: Mapping[str, World] = {
    "roc_auc": World("roc_auc", _two_classes(0.0)),
    "roc_auc, rare positives": World("roc_auc", _two_classes(-3.0)),
    "roc_auc by DeLong": World("roc_auc", _two_classes(0.0), test="delong"),
    "roc_auc in groups": World("roc_auc", _grouped_classes),
    "roc_auc in groups by DeLong": World("roc_auc", _grouped_classes, test="delong"),
    "log_loss": World("log_loss", _two_classes(0.0)),
    "log_loss in groups": World("log_loss", _grouped_classes),
    "accuracy": World("accuracy", _two_classes(0.0)),
    "accuracy by McNemar": World("accuracy", _two_classes(0.0), test="mcnemar"),
    "accuracy in groups by McNemar": World("accuracy", _grouped_classes, test="mcnemar"),
    "rmse": World("rmse", _numbers),
    "ndcg@10": World("ndcg@10", _rankings),
}


def promote(world: World, drawn: Drawn, config: EvaluationConfig, seed: int) -> bool:
    """Whether the comparison with a champion promotes the candidate."""
    found = compare(
        drawn.y,
        drawn.a,
        drawn.b,
        metric=get_metric(world.metric),
        config=config,
        query=drawn.query,
        groups=drawn.groups,
        seed=seed,
    )
    return found.decision == "promote"


def beat_baseline(world: World, drawn: Drawn, config: EvaluationConfig, seed: int) -> bool:
    """Whether the gate beats_baseline lets the candidate pass, the champion's predictions being the baseline's."""
    return judge_beats_baseline(
        get_metric(world.metric),
        drawn.y,
        drawn.a,
        drawn.b,
        config=config,
        margin=config.comparison.margin,
        query=drawn.query,
        groups=drawn.groups,
        seed=seed,
    ).passed


Gate = Callable[[World, Drawn, EvaluationConfig, int], bool]
GATES: Mapping[str, Gate] = {"beats_champion": promote, "beats_baseline": beat_baseline}


def count_promoted(
    world: World,
    rows: int,
    noise: float,
    *,
    gate: Gate = promote,
    margin: float = 0.0,
    alpha: float = ALPHA,
    repeats: int,
    resamples: int,
) -> Interval:
    """The share of simulated candidates that a gate lets pass, with its 95 % interval."""
    limits = ComparisonConfig.model_validate({"alpha": alpha, "margin": margin, "test": world.test})
    config = EvaluationConfig(bootstrap=resamples, comparison=limits)
    passed = 0
    for seed in range(repeats):
        drawn = world.draw(np.random.default_rng([seed, rows]), rows, noise, NOISE)
        passed += gate(world, drawn, config, seed)
    return wilson(passed / repeats, repeats, tail=0.025)


def true_gain(world: World, noise: float, rows: int = QUICK_ROWS) -> float:
    """By how much a candidate of that noise is truly better, from very many rows."""
    metric = get_metric(world.metric)
    drawn = world.draw(np.random.default_rng(1_000_003), rows, noise, NOISE)
    return metric.sign * (_value(metric, drawn, drawn.a) - _value(metric, drawn, drawn.b))


def plan(world: World, noise: float, gain: float, alpha: float = ALPHA) -> int:
    """Rows that the power calculation asks for, from a pilot; whole groups and queries."""
    metric = get_metric(world.metric)
    pilot = world.draw(np.random.default_rng(2_000_003), PILOT_ROWS, noise, NOISE)
    rows = plan_rows(
        metric, pilot.y, pilot.a, pilot.b, gain, query=pilot.query, groups=pilot.groups, alpha=alpha, power=POWER
    )
    if rows is None:
        msg = f"expected a candidate with noise {noise} to be better, got a gain of {gain}"
        raise ValueError(msg)
    return -(-rows // TOGETHER) * TOGETHER


def _value(metric: Metric, drawn: Drawn, p: np.ndarray) -> float:
    return metric(drawn.y, p, drawn.query)


def _print(gate: str, name: str, rows: int, case: str, rate: Interval, *, at_most: float | None = None) -> bool:
    """Print one rate; whether it is on the right side of its bound, as far as the simulation can tell."""
    holds = rate.low <= at_most if at_most is not None else rate.high >= POWER
    bound = f"<= {at_most:.0%}" if at_most is not None else f">= {POWER:.0%}"
    said = "yes" if holds else "NO"
    print(
        f"{gate:15s} {name:30s} {rows:6d} {case:28s} {rate.value:6.1%} [{rate.low:.1%}, {rate.high:.1%}] {bound} {said}"
    )
    return holds


def measure_world(
    name: str, false_rates: list[float], *, gate: str, alpha: float = ALPHA, repeats: int, resamples: int
) -> bool:
    """Print all rates of a world for one gate; whether all hold. Rates of equal candidates are added to the list."""
    world = WORLDS[name]
    count = partial(count_promoted, world, gate=GATES[gate], alpha=alpha, repeats=repeats, resamples=resamples)
    held = True
    for rows in SIZES:
        for case, noise in (("equal", NOISE), ("worse", MORE)):
            rate = count(rows, noise)
            held &= _print(gate, name, rows, case, rate, at_most=alpha)
            false_rates += [rate.value] if case == "equal" else []
    gain = true_gain(world, LESS, TRUTH_ROWS)
    rows = plan(world, LESS, gain, alpha)
    held &= _print(gate, name, rows, f"at margin {gain:.4f}", count(rows, LESS, margin=gain), at_most=alpha)
    return _print(gate, name, rows, f"better by {gain:.4f}", count(rows, LESS)) and held


def main() -> None:
    """Print all rates; exit code 1 where one is on the wrong side of its bound beyond chance."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=2_000)
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--worlds", nargs="*", choices=list(WORLDS), default=list(WORLDS))
    parser.add_argument("--gates", nargs="*", choices=list(GATES), default=list(GATES))
    parser.add_argument("--alpha", type=float, default=ALPHA, help="level at which a candidate must be better")
    given = parser.parse_args()
    held, rates = True, {"alpha": given.alpha, "repeats": given.repeats, "resamples": given.resamples}
    for gate in given.gates:
        false_rates: list[float] = []
        for name in given.worlds:
            if gate == "beats_baseline" and WORLDS[name].test != "bootstrap":
                continue  # that gate knows the bootstrap only
            held &= measure_world(name, false_rates, gate=gate, **rates)
        pooled = wilson(float(np.mean(false_rates)), given.repeats * len(false_rates), tail=0.025)
        held &= _print(gate, "all worlds and sizes together", 0, "equal", pooled, at_most=given.alpha)
    print("all bounds hold" if held else "a bound does not hold")
    sys.exit(not held)


if __name__ == "__main__":
    main()
