"""How often drift is called where there is none, and found where there is some.

    python -m ml_lifecycle_tests.benchmarks.drift_alarms [--references 20] [--windows 5] [--seeds 100] [--parts ...]

False alarms: fresh references and windows from one source, 20 and 100 columns of mixed kinds (normal, skewed, counts,
amounts with many zeros, truth values, few and many labels, gaps), with predictions and outcomes; an alarm is any flag
of the whole report. Detection: the first full window after the change. Intervals are Wilson's, 95 %.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from ml_lifecycle.config.drift import DriftConfig
from ml_lifecycle.monitoring.drift import DriftReport, ReferenceProfile, assess_drift

_LABELS = np.array([f"label{number}" for number in range(60)])


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--references", type=int, default=20, help="fresh references of each size")
    parser.add_argument("--windows", type=int, default=5, help="windows of each size, or seeds, against each of them")
    parser.add_argument("--seeds", type=int, default=100, help="seeds of each drift")
    parser.add_argument("--parts", nargs="+", default=["alarms", "detection"])
    parser.add_argument("--multivariate", default="pca", choices=["pca", "classifier", "both", "never"])
    given = parser.parse_args()
    config = DriftConfig.model_validate({"multivariate": given.multivariate})
    if "alarms" in given.parts:
        _count_alarms(given.references, given.windows, config)
    if "detection" in given.parts:
        _count_detections(given.seeds, given.windows, config)


def draw(generator: np.random.Generator, rows: int, columns: int) -> pd.DataFrame:
    """Rows of a stationary source with columns of mixed kinds; the first is normal."""
    made: dict[str, np.ndarray] = {}
    for at in range(columns):
        normal = generator.normal(size=rows)
        made[f"{at}"] = (
            normal,
            np.exp(1.5 * normal),
            generator.poisson(2.0, rows).astype(np.float64),
            np.where(generator.random(rows) < 0.7, 0.0, np.exp(normal)),
            generator.random(rows) < 0.2,
            _LABELS[generator.integers(0, 5, rows)],
            _LABELS[np.minimum(generator.zipf(1.7, rows) - 1, 59)],
            np.where(generator.random(rows) < 0.05, np.nan, normal),
            generator.standard_t(3, rows).round(2),
            normal.astype(np.float32),
        )[at % 10]
    return pd.DataFrame(made)


def _fit(generator: np.random.Generator, rows: int, columns: int, config: DriftConfig) -> ReferenceProfile:
    outcomes = pd.Series(np.where(generator.random(rows) < 0.3, "yes", "no"))
    return ReferenceProfile.fit(
        draw(generator, rows, columns), generator.beta(2, 5, rows), config, target=outcomes, seed=1
    )


def _assess(
    profile: ReferenceProfile, frame: pd.DataFrame, generator: np.random.Generator, config: DriftConfig, share: float
) -> DriftReport:
    rows = len(frame)
    outcomes = pd.Series(np.where(generator.random(rows) < share, "yes", "no"))
    return assess_drift(profile, frame, generator.beta(2, 5, rows), config, outcomes=outcomes)


def _count_alarms(references: int, windows: int, config: DriftConfig) -> None:
    print(f"false alarms, wanted at most {config.false_alarm_rate:.0%} of windows")
    whole: list[bool] = []
    causes: dict[tuple[str, str], int] = {}
    for columns in (20, 100):
        for reference_rows in (2_000, 50_000):
            alarms: dict[int, list[bool]] = {100: [], 1_000: [], 10_000: []}
            for seed in range(references):
                generator = np.random.default_rng([columns, reference_rows, seed])
                profile = _fit(generator, reference_rows, columns, config)
                for rows, found in alarms.items():
                    for _ in range(windows):
                        frame = draw(generator, rows, columns)
                        found.append(_note(_assess(profile, frame, generator, config, 0.3).table, causes))
            for rows, found in alarms.items():
                print(f"  {columns:3d} columns, reference {reference_rows:6,d}, window {rows:6,d}: {_rate(found)}")
                whole += found
    print(f"  all: {_rate(whole)}")
    print(f"  raised by (statistic, kind of column): {dict(sorted(causes.items(), key=lambda item: -item[1])[:12])}")


def _note(table: pd.DataFrame, causes: dict[tuple[str, str], int]) -> bool:
    """Whether anything is flagged; what by is counted, by the kind of column."""
    for row in table[table["drifted"]].to_dict("records"):
        kind = str(int(row["feature"]) % 10) if str(row["feature"]).isdigit() else row["role"]
        for cause in row["causes"].split(", "):
            causes[cause, kind] = causes.get((cause, kind), 0) + 1
    return bool(table["drifted"].any())


def _change(name: str, frame: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """A window after a drift; of the prior shift only the outcomes change."""
    hit = generator.random(len(frame))
    changed = {
        "one deviation": lambda: {"0": frame["0"] + 1.0},
        "half a deviation": lambda: {"0": frame["0"] + 0.5},
        "missing 5 % to 15 %": lambda: {"7": frame["7"].mask(hit < 0.105)},
        "unit x 2.54": lambda: {"1": frame["1"] * 2.54},
        "unit x 1000": lambda: {"0": frame["0"] * 1000},
        "unseen label in 2 %": lambda: {"5": frame["5"].mask(hit < 0.02, "new")},
        "correlation 0 to 0.5": lambda: {"10": _correlate(frame, 0.5)},
        "correlation 0 to 0.9": lambda: {"10": _correlate(frame, 0.9)},
        "prior 30 % to 45 %": dict,
    }[name]()
    return frame.assign(**changed)


_CHANGES = (
    ("one deviation", 20),
    ("one deviation", 100),
    ("half a deviation", 20),
    ("missing 5 % to 15 %", 20),
    ("unit x 2.54", 20),
    ("unit x 1000", 20),
    ("unseen label in 2 %", 20),
    ("correlation 0 to 0.5", 20),
    ("correlation 0 to 0.9", 20),
    ("prior 30 % to 45 %", 20),
)


def _correlate(frame: pd.DataFrame, r: float) -> pd.Series:
    return r * frame["0"] + np.sqrt(1 - r * r) * frame["10"]


def _count_detections(seeds: int, windows: int, config: DriftConfig) -> None:
    print("found in the first full window after the change, reference 2,000")
    sizes = (100, 300, 1_000)
    found: dict[tuple[str, int, int], list[bool]] = {(*one, rows): [] for one in _CHANGES for rows in sizes}
    for columns in (20, 100):
        for seed in range(seeds):
            generator = np.random.default_rng([7, columns, seed])
            if seed % windows == 0:
                profile = _fit(generator, 2_000, columns, config)
            for name, rows in ((name, rows) for name, width in _CHANGES if width == columns for rows in sizes):
                frame = _change(name, draw(generator, rows, columns), generator)
                report = _assess(profile, frame, generator, config, 0.45 if "prior" in name else 0.3)
                found[name, columns, rows].append(_is_found(report, name))
    for name, columns in _CHANGES:
        told = "; ".join(f"{rows:,d} rows {_rate(found[name, columns, rows])}" for rows in sizes)
        print(f"  one of {columns}: {name}: {told}")
    _gradual(seeds, windows, config)


def _is_found(report: DriftReport, name: str) -> bool:
    if "prior" in name:
        return report.target_drifted
    return report.multivariate_drifted if "correlation" in name else report.drifted


def _gradual(seeds: int, windows: int, config: DriftConfig) -> None:
    """A tenth of a deviation more with each window of 1,000 rows: which window is the first that is called."""
    first = []
    for seed in range(seeds):
        generator = np.random.default_rng([8, seed])
        if seed % windows == 0:
            profile = _fit(generator, 2_000, 20, config)
        for at in range(1, 11):
            report = _assess(profile, _moved(generator, 0.1 * at), generator, config, 0.3)
            if "0" in report.drifted_features:
                break
        first.append(at)
    middle, late = np.median(first), np.quantile(first, 0.9)
    print(
        f"  gradual, 0.1 deviations a window of 1,000 rows: called in window {middle:.0f} (median), 90 % by {late:.0f}"
    )


def _moved(generator: np.random.Generator, shift: float) -> pd.DataFrame:
    frame = draw(generator, 1_000, 20)
    return frame.assign(**{"0": frame["0"] + shift})


def _rate(found: list[bool]) -> str:
    """A share with Wilson's interval (1927)."""
    n, p, z = len(found), float(np.mean(found)), 1.96
    centre, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)
    return f"{sum(found)}/{n} = {p:.1%} ({low:.1%} to {high:.1%})"


if __name__ == "__main__":
    main()
