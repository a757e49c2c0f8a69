"""Four policies of retraining side by side on the same streams: never, after every window, on schedule, and ours.

    OMP_NUM_THREADS=1 python -m ml_lifecycle_tests.benchmarks.policies [--seeds 3] [--data FOLDER] [--only sudden bike]

Per stream it prints the cumulative loss and the trainings of each policy, as ratios to retraining after every window,
false alarms per 100 windows in which nothing had changed, and windows until a change was found. A challenger that is
not promoted counts as a training like any other. `--data` names the folder of the public tables; without it only
generated streams are run. What a policy does lives in `policy_courses`, the streams in `streams`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from ml_lifecycle.config.drift import DriftConfig
from ml_lifecycle.config.retraining import RetrainConfig
from ml_lifecycle.monitoring.drift import assess_drift
from ml_lifecycle.monitoring.profile import ReferenceProfile
from ml_lifecycle_tests.benchmarks.policy_courses import (
    Course,
    Models,
    every_window,
    never,
    on_schedule,
)
from ml_lifecycle_tests.benchmarks.policy_ours import Ours, Settings
from ml_lifecycle_tests.benchmarks.streams import REAL, WORLDS, Stream, generate, replay

#: Windows between two trainings by schedule: a quarter of the trainings.
EVERY: Final = 4
#: Chances of promoting what is not better that ours is also tried with.
LEVELS: Final = (0.05, 0.1, 0.2)


def courses(
    stream: Stream, settings: Settings | None = None, *, rounds: int = 100, variants: bool = False
) -> dict[str, Course]:
    """How each policy does on a stream; as variants also ours with gates of other levels, and with none."""
    models, ours = Models(stream, rounds), settings or Settings.of(stream)
    more = {f"ours, alpha {alpha}": replace(ours, retrain=_proving(ours.retrain, alpha)) for alpha in LEVELS}
    more["ours, no gate"] = replace(ours, gate=False)
    return {
        "never": never(models),
        "every window": every_window(models),
        f"every {EVERY}th window": on_schedule(models, EVERY),
        "ours": Ours(models, ours).run(),
        **({name: Ours(models, one).run() for name, one in more.items()} if variants else {}),
    }


def _proving(config: RetrainConfig, alpha: float) -> RetrainConfig:
    return config.model_copy(update={"alpha": alpha})


def false_alarms(stream: Stream, course: Course) -> float:
    """Alarms per 100 windows before the first change."""
    until = min(stream.changes, default=stream.windows - stream.learnt)
    return 100 * len({window for window in course.drift + course.lost if window < until}) / until


def windows_until_found(stream: Stream, course: Course) -> float:
    """Windows from the first change to the end of the first window in which something was found; NaN if never."""
    if not stream.changes:
        return float("nan")
    found = [window for window in course.drift + course.lost if window >= stream.changes[0]]
    return min(found) - stream.changes[0] + 1 if found else float("nan")


def table(stream: Stream, found: Mapping[str, Course]) -> pd.DataFrame:
    """A row for each policy."""
    most = found["every window"]
    return pd.DataFrame(
        {
            "policy": list(found),
            "loss": [one.loss / len(one.losses) for one in found.values()],
            "loss / every": [one.loss / most.loss for one in found.values()],
            "trainings": [len(one.trainings) for one in found.values()],
            "trainings / every": [len(one.trainings) / len(most.trainings) for one in found.values()],
            "promoted": [len(one.promoted) for one in found.values()],
            "false alarms per 100": [false_alarms(stream, one) if stream.known else np.nan for one in found.values()],
            "windows until found": [windows_until_found(stream, one) for one in found.values()],
        }
    )


def found_at_once(seeds: int, *, rows: int = 500, features: int = 20, shift: float = 1.0) -> tuple[float, float]:
    """The share of seeds in which a shift of one feature is found in the first full window, and of false alarms."""
    config, hits, alarms = DriftConfig(), 0, 0
    for seed in range(seeds):
        random = np.random.default_rng([seed, 7])
        names = [f"x{number}" for number in range(features)]
        learnt, still, moved = (
            pd.DataFrame(random.normal(size=(size, features)), columns=names) for size in (8 * rows, rows, rows)
        )
        moved["x0"] += shift
        profile = ReferenceProfile.fit(learnt, None, config)
        alarms += assess_drift(profile, still, None, config).drifted
        hits += assess_drift(profile, moved, None, config).drifted
    return hits / seeds, alarms / seeds


def streams(given: argparse.Namespace) -> Iterator[Stream]:
    """All streams that are asked for."""
    for name in given.only or [*WORLDS, *(REAL if given.data else ())]:
        if name in WORLDS:
            yield from (generate(name, seed, delay=given.delay) for seed in range(given.seeds))
        else:
            yield replay(name, given.data, rows=given.rows, first=given.first, delay=given.delay)


def main() -> None:
    """Print a table for each stream."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="of each generated stream")
    parser.add_argument("--data", type=Path, default=None, help="folder of the public tables")
    parser.add_argument("--rows", type=int, default=None, help="rows of a real stream's window; about a day by default")
    parser.add_argument("--first", type=int, default=None, help="use only so many rows of a real stream, to be quick")
    parser.add_argument("--shifts", type=int, default=100, help="seeds of the shift that is to be found at once")
    parser.add_argument("--delay", type=int, default=0, help="windows until outcomes are known")
    parser.add_argument("--rounds", type=int, default=100, help="trees of a model")
    parser.add_argument("--variants", action="store_true", help="also ours with other settings")
    parser.add_argument("--only", nargs="*", choices=[*WORLDS, *REAL], default=None, help="names of streams")
    given = parser.parse_args()
    if given.shifts:
        shares = found_at_once(given.shifts)
        print("found in the first full window: {:.0%}, false alarms: {:.1%} of windows".format(*shares))
    pd.set_option("display.width", 200)
    means: dict[str, list[pd.DataFrame]] = {}
    for stream in streams(given):
        found = courses(stream, rounds=given.rounds, variants=given.variants)
        tables = means.setdefault(stream.name, [])
        tables.append(table(stream, found))
        if len(tables) == given.seeds or not stream.known:
            whole = pd.concat(tables).groupby("policy", sort=False).mean()
            windows = f"{stream.windows - stream.learnt} windows of {stream.bounds[1]} rows"
            print(f"\n{stream.name}, mean of {len(tables)}, {windows}\n{whole.round(3).to_string()}", flush=True)


if __name__ == "__main__":
    main()
