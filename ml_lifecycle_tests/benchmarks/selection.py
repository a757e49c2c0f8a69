"""Selection on planted features: which method keeps what bears on the target, and what else it keeps.

    python -m ml_lifecycle_tests.benchmarks.selection [--rows 2000] [--tables 3] [--methods gain l1]

Six features bear on the target (a linear one, a skewed one, a weak one, a U-shaped one, one with holes, a category);
the linear one has a mirror and a near copy, of which none is needed; 36 are noise (numbers, skewed numbers, categories
of up to 200 values). A hit is an informative feature that is kept (of the three copies any), a false alarm noise that
is.
"""

from __future__ import annotations

import argparse
import time
import warnings
from typing import get_args

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.features import SelectionConfig
from ml_lifecycle.features.selection import select_features
from ml_lifecycle.features.values import FeatureMatrix

_COPIES = {"linear", "mirror", "near"}
_ALONE = ("skewed", "weak", "u_shaped", "holes", "category")
_NOISE = 30
_LEVELS = (3, 10, 50, 200, 5, 100)


def main() -> None:
    """Print hits, false alarms and seconds by method and kind."""
    every = [name for name in get_args(SelectionConfig.model_fields["method"].annotation) if name != "none"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--tables", type=int, default=3)
    parser.add_argument("--methods", nargs="+", default=every)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    for method in given.methods:
        for kind in Kind:
            _judge(method, kind, given.rows, given.tables)


def _judge(method: str, kind: Kind, rows: int, tables: int) -> None:
    config = SelectionConfig.model_validate({"method": method, "correlation_limit": 0.99})
    missed: list[str] = []
    false = redundant = 0
    begun = time.perf_counter()
    for seed in range(tables):
        matrix, y, groups = _plant(kind, rows, seed)
        kept = set(select_features(matrix, y, kind, config, seed=seed, groups=groups).names)
        missed += [name for name in _ALONE if name not in kept] + ([] if kept & _COPIES else ["linear"])
        false += sum(name.startswith("noise") for name in kept)
        redundant += max(0, len(kept & _COPIES) - 1)
    seconds = (time.perf_counter() - begun) / tables
    wanted = (1 + len(_ALONE)) * tables
    print(
        f"{method:15s} {kind.value:10s} hits {wanted - len(missed)}/{wanted}, false alarms "
        f"{false}/{(_NOISE + len(_LEVELS)) * tables}, copies kept {redundant}, {seconds:.1f} s, "
        f"missed {sorted(set(missed))}"
    )


def _plant(kind: Kind, rows: int, seed: int) -> tuple[FeatureMatrix, np.ndarray, np.ndarray | None]:
    rng = np.random.default_rng(seed)
    linear, weak, u_shaped, holes = rng.normal(size=(4, rows))
    skewed, category = rng.lognormal(0, 1.5, rows), rng.integers(0, 8, rows)
    holes[rng.random(rows) < 0.2] = np.nan
    level = 1.2 * linear + 0.6 * np.log(skewed) + 0.25 * weak + 0.5 * (u_shaped**2 - 1) + 0.6 * np.nan_to_num(holes)
    level += 0.8 * np.array([0, 1, -1, 0.5, 2, -2, 0, 0.3])[category] + rng.normal(size=rows)
    numbers = {"linear": linear, "skewed": skewed, "weak": weak, "u_shaped": u_shaped, "holes": holes}
    numbers |= {"mirror": 1 - 2 * linear, "near": linear + rng.normal(scale=0.01, size=rows)}
    for number in range(_NOISE):
        numbers[f"noise{number}"] = rng.normal(size=rows) if number % 3 else rng.lognormal(0, 2, rows)
    codes = {"category": category} | {f"noise_of_{most}": rng.integers(0, most, rows) for most in _LEVELS}
    values = np.ascontiguousarray(np.column_stack([*numbers.values(), *codes.values()]), dtype=np.float32)
    places = tuple(range(len(numbers), len(numbers) + len(codes)))
    grades = np.digitize(level, [-1, 0.5, 2])
    y = {Kind.BINARY: (level > 1).astype(int), Kind.REGRESSION: level}.get(kind, grades)
    groups = np.arange(rows) // 20 if kind is Kind.RANKING else None
    return FeatureMatrix(values, (*numbers, *codes), places), y, groups


if __name__ == "__main__":
    main()
