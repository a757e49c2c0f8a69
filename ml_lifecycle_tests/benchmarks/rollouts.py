"""Rollouts: how often a version that is as good is rolled back, and how soon one that is worse.

Both versions' rows are drawn, and judged after every batch, as `<p>_rollout_step` would; beside it the same data under
tests for one look (two proportions, Mann and Whitney, Kolmogorov and Smirnov, Welch), looked at as often. Run it with

    OMP_NUM_THREADS=1 python -m ml_lifecycle_tests.benchmarks.rollouts [--runs 200] [--rows 4000] [--only errors]
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.release import RolloutConfig
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.monitoring.rollout_evidence import (
    FIGURES,
    Finding,
    Pair,
    compare_errors,
    compare_latency,
    compare_losses,
    compare_scores,
)

_BATCH = 100
_TARGET = Target(Kind.BINARY, "bad", (0, 1))
_CONFIG = RolloutConfig(strategy="canary")
_STEPS = len(_CONFIG.steps)


@dataclass(frozen=True)
class World:
    """How the new version differs.

    Args:
        name: What it is called.
        failures: Share of its rows that fail; the champion's is 1 %.
        slower: Its latency, as a multiple of the champion's.
        shift: What is added to the logit of its scores, while outcomes stay.
        noise: What is added to its logits at random, so that they are wrong more often.
    """

    name: str
    failures: float = 0.01
    slower: float = 1.0
    shift: float = 0.0
    noise: float = 0.0


WORLDS = (
    World("as good"),
    World("errors at the limit (2 %)", failures=0.02),
    World("latency at the limit (x1.5)", slower=1.5),
    World("3 % more errors", failures=0.04),
    World("10 % more errors", failures=0.11),
    World("latency x1.7", slower=1.7),
    World("latency x3", slower=3.0),
    World("scores shifted by 1", shift=1.0),
    World("scores shifted by 2", shift=2.0),
    World("noisy scores", noise=2.0),
)


def draw(random: np.random.Generator, rows: int, world: World, *, new: bool) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows of one version, and which of them fail."""
    logit = random.normal(-2, 1.2, rows)
    outcome = random.random(rows) < 1 / (1 + np.exp(-logit))
    said = logit + (world.shift + random.normal(0, world.noise, rows) if new else 0.0)
    frame = pd.DataFrame(
        {
            "logged_at": np.arange(rows),
            "latency_ms": random.lognormal(1.0, 0.5, rows) * (world.slower if new else 1.0),
            "score": 1 / (1 + np.exp(-said)),
            "outcome": outcome.astype(int),
            "row_key": [f"{new}{number}" for number in range(rows)],
        }
    )
    return frame, random.random(rows) < (world.failures if new else 0.01)


def ours(pair: Pair) -> list[Finding]:
    """What a step of ours finds."""
    alpha = _CONFIG.alpha / (FIGURES * _STEPS)
    first = _CONFIG.min_rows
    return [
        compare_errors(pair, limit=_CONFIG.max_error_increase, alpha=alpha),
        compare_latency(pair, limit=_CONFIG.max_latency_ratio, alpha=alpha),
        compare_scores(pair, limit=_CONFIG.max_score_shift, alpha=alpha, first=first),
        compare_losses(pair, _TARGET, limit=_CONFIG.metric_margin, alpha=alpha, first=first),
    ]


def one_look(pair: Pair) -> bool:
    """What tests for one look find at 5 % in all, with the same limits where they have any."""
    from scipy import stats

    alpha = _CONFIG.alpha / FIGURES
    old, new = pair.champion, pair.version
    rows = np.array([len(old), len(new)]) + pair.failed
    shares = np.array(pair.failed) / rows
    pooled = sum(pair.failed) / rows.sum()
    spread = math.sqrt(max(pooled * (1 - pooled), 1e-9) * (1 / rows).sum())
    found = [
        stats.norm.sf((shares[1] - shares[0] - _CONFIG.max_error_increase) / spread),
        stats.mannwhitneyu(new["latency_ms"], old["latency_ms"] * _CONFIG.max_latency_ratio, alternative="greater")[1],
        stats.ks_2samp(old["score"], new["score"])[1],
        stats.ttest_ind(
            (new["score"] - new["outcome"]) ** 2,
            (old["score"] - old["outcome"]) ** 2,
            equal_var=False,
            alternative="greater",
        )[1],
    ]
    return bool(min(found) < alpha)


def simulate(
    world: World, judge: Callable[[Pair], bool], *, runs: int, rows: int, share: float, batch: int = _BATCH
) -> list[int | None]:
    """After how many rows of the new version it is found harmful, in each run; None if never."""
    random = np.random.default_rng(7)
    found: list[int | None] = []
    for _ in range(runs):
        counts = {False: round(rows * (1 - share) / share), True: rows}
        whole = {new: draw(random, count, world, new=new) for new, count in counts.items()}
        found.append(_first_alarm(whole, judge, rows, share, batch))
    return found


def _first_alarm(
    whole: Mapping[bool, tuple[pd.DataFrame, np.ndarray]],
    judge: Callable[[Pair], bool],
    rows: int,
    share: float,
    batch: int,
) -> int | None:
    for seen in range(batch, rows + 1, batch):
        parts, failed = [], []
        for new, (frame, bad) in whole.items():
            count = seen if new else round(seen * (1 - share) / share)
            parts.append(frame[:count][~bad[:count]])
            failed.append(int(bad[:count].sum()))
        if judge(Pair(parts[0], parts[1], (failed[0], failed[1]))):
            return seen
    return None


def main() -> None:
    """Print false rollbacks and times of detection, ours beside tests for one look."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--share", type=float, default=0.25)
    parser.add_argument("--only", default="", help="only worlds whose name has this in it")
    asked = parser.parse_args()
    steps = asked.rows // _BATCH
    print(
        f"{asked.runs} runs of {asked.rows} rows of the new version, {asked.share:.0%} of all, looked at {steps} times"
    )
    chance = _CONFIG.alpha / _STEPS
    print(f"a step may roll back a version that is as good with a chance of {chance:.4f}, all steps {_CONFIG.alpha}")
    print(f"{'':30} {'rolled back':>11} {'median rows':>12} {'one look':>9} {'median rows':>12} {'s':>6}")
    for world in (item for item in WORLDS if asked.only in item.name):
        began = time.perf_counter()
        columns = []
        for judge in (lambda pair: any(item.harmful for item in ours(pair)), one_look):
            found = simulate(world, judge, runs=asked.runs, rows=asked.rows, share=asked.share)
            hits = [item for item in found if item is not None]
            columns += [f"{len(hits) / len(found):.1%}", f"{np.median(hits):.0f}" if hits else "-"]
        took = time.perf_counter() - began
        print(f"{world.name:30} {columns[0]:>11} {columns[1]:>12} {columns[2]:>9} {columns[3]:>12} {took:6.1f}")


if __name__ == "__main__":
    main()
