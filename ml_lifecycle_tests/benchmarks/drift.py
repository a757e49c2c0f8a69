"""The drift report's speed and memory, beside a plain numpy histogram pass over the same rows.

    python -m ml_lifecycle_tests.benchmarks.drift [--rows 1000000] [--columns 50] [--repeats 3] [--evidently 100000]

Four of five columns are numeric (float64), the rest text of twelve labels. The histogram pass is np.histogram with 20
bins per numeric column and pandas value_counts per column of text: it computes nothing else. With --evidently, the
DataDriftPreset on so many rows of the same columns (it takes minutes on a million), and ours on as many.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from ml_lifecycle.config.drift import DriftConfig
from ml_lifecycle.monitoring.drift import ReferenceProfile, assess_drift

_BINS = 20
_PAGE = os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Print seconds, ratios and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--evidently", type=int, default=0, help="rows to compare with Evidently on")
    given = parser.parse_args()
    generator = np.random.default_rng(0)
    profile = ReferenceProfile.fit(_draw(generator, 50_000, given.columns), None, DriftConfig())
    profile = ReferenceProfile.from_bytes(profile.to_bytes())
    frame = _draw(generator, given.rows, given.columns)
    size = sum(frame[name].to_numpy().nbytes for name in frame.columns)
    print(f"{given.rows:,d} x {given.columns}, {size / 1e6:,.0f} MB (text as pointers)")
    extra = _peak(lambda: assess_drift(profile, frame, None, DriftConfig()))
    print(f"  memory beyond the data {extra / 1e6:,.0f} MB: peak {1 + extra / size:.2f} x the data")
    plain = _time(lambda: _histograms(frame), given.repeats)
    print(f"  numpy histograms (20 bins) and value_counts  {plain:8.3f} s")
    for multivariate in ("never", "pca", "both"):
        config = DriftConfig.model_validate({"multivariate": multivariate})
        begun = time.perf_counter()
        assess_drift(profile, frame, None, config)
        first = time.perf_counter() - begun
        ours = _time(lambda config=config: assess_drift(profile, frame, None, config), given.repeats)  # type: ignore[misc]
        print(
            f"  ours, multivariate {multivariate:6s}    {ours:8.3f} s = {ours / plain:.2f} x (first call {first:.3f} s)"
        )
    _small(profile, generator, given.columns)
    if given.evidently:
        _rival(profile, frame.head(given.evidently), generator)


def _draw(generator: np.random.Generator, rows: int, columns: int) -> pd.DataFrame:
    labels = np.array([f"label {number}" for number in range(12)], dtype=object)
    return pd.DataFrame(
        {
            f"column{at}": labels[generator.integers(0, 12, rows)] if at % 5 == 4 else generator.normal(size=rows)
            for at in range(columns)
        }
    )


def _histograms(frame: pd.DataFrame) -> None:
    for name in frame.columns:
        if frame[name].dtype == object:
            frame[name].value_counts()
        else:
            np.histogram(frame[name].to_numpy(), _BINS)


def _small(profile: ReferenceProfile, generator: np.random.Generator, columns: int) -> None:
    """A small window, as a backfill has thousands of."""
    window = _draw(generator, 1_000, columns)
    for multivariate in ("never", "pca", "classifier"):
        config = DriftConfig.model_validate({"multivariate": multivariate})
        assess_drift(profile, window, None, config)
        seconds = _time(lambda config=config: assess_drift(profile, window, None, config), 30)  # type: ignore[misc]
        print(f"  a window of 1,000 rows, multivariate {multivariate:10s} {1e3 * seconds:6.1f} ms")


def _rival(profile: ReferenceProfile, frame: pd.DataFrame, generator: np.random.Generator) -> None:
    os.environ["DO_NOT_TRACK"] = "1"
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    texts = [name for name in frame.columns if frame[name].dtype == object]
    numbers = [name for name in frame.columns if name not in texts]
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=texts)
    other = _draw(generator, len(frame), len(frame.columns))
    sides = [Dataset.from_pandas(side, data_definition=definition) for side in (frame, other)]
    theirs = _time(lambda: Report([DataDriftPreset()]).run(*sides), 1)
    ours = _time(lambda: assess_drift(profile, frame, None, DriftConfig()), 3)
    print(
        f"  {len(frame):,d} rows: Evidently's preset {theirs:.2f} s, ours {ours:.3f} s: {theirs / ours:,.0f} x faster"
    )


def _time(run: Callable[[], object], repeats: int) -> float:
    """The shortest of some runs: other work on the machine only ever makes one longer."""
    seconds = []
    for _ in range(repeats):
        begun = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def _peak(run: Callable[[], object]) -> int:
    """The most resident memory while something runs, beyond what was resident before, in bytes."""
    before, most, done = _resident(), 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.002):
            most = max(most, _resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    run()
    done.set()
    watcher.join()
    return max(0, most - before)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


if __name__ == "__main__":
    main()
