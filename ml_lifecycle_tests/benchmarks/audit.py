"""What an audit of 1 million x 30 mixed columns costs, beside what a notebook would do first in plain pandas.

    python -m ml_lifecycle_tests.benchmarks.audit [ROWS]

The two are measured one after the other, three times, in one process; compare processor seconds on a busy machine.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import pandas as pd

from ml_lifecycle.discovery.audit.audit import audit_rows

_ROUNDS = 3


def make_table(rows: int, seed: int = 0) -> pd.DataFrame:
    """Thirty columns: amounts, counts, categories, names of customers, times, a target; some cells missing."""
    draw = np.random.default_rng(seed)
    columns: dict[str, object] = {f"measure_{place}": draw.normal(size=rows) * 10**place for place in range(14)}
    columns |= {f"amount_{place}": np.round(draw.lognormal(size=rows), 2) for place in range(3)}
    columns |= {f"count_{place}": draw.poisson(5 + 20 * place, size=rows) for place in range(4)}
    for place in range(5):
        names = np.array([f"value {number}" for number in range(5 + 30 * place)], dtype=object)
        columns[f"category_{place}"] = names[draw.integers(0, len(names), rows)]
    customers = np.char.add("C", draw.integers(0, max(rows // 5, 1), rows).astype(str)).astype(object)
    seconds = np.sort(draw.integers(0, 3 * 365 * 86_400, rows))
    frame = pd.DataFrame(
        {
            **columns,
            "customer": customers,
            "flag": draw.random(rows) < 0.3,
            "event_time": pd.Timestamp("2020-01-01") + pd.to_timedelta(seconds, unit="s"),
            "target": (draw.random(rows) < 0.2).astype(int),
        }
    )
    frame.loc[draw.random(rows) < 0.07, "measure_3"] = np.nan
    frame.loc[draw.random(rows) < 0.02, "category_2"] = None
    return frame


def look_in_pandas(frame: pd.DataFrame) -> None:
    """The usual first look: figures, missing cells, different values, duplicates, correlations, frequencies."""
    frame.describe(include="all")
    frame.isna().sum()
    frame.nunique()
    frame.duplicated().sum()
    frame.corr(numeric_only=True)
    for name in frame.columns:
        frame[name].value_counts().head()


def main() -> None:
    """Print seconds and the ratio."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    frame = make_table(rows)
    costs: dict[str, list[tuple[float, float]]] = {"audit": [], "pandas": []}
    for _ in range(_ROUNDS):
        costs["audit"].append(_cost(lambda: audit_rows(frame, target="target")))
        costs["pandas"].append(_cost(lambda: look_in_pandas(frame)))
    wall, processor = (
        {name: median(pair[place] for pair in pairs) for name, pairs in costs.items()} for place in (0, 1)
    )
    print(f"{rows:,} x {frame.shape[1]}")
    for name in costs:
        print(f"  {name:<7} {wall[name]:6.2f} s, {processor[name]:6.2f} s of processor")
    print(f"  audit / pandas: {processor['audit'] / processor['pandas']:.2f}")


def _cost(work: Callable[[], object]) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


if __name__ == "__main__":
    main()
