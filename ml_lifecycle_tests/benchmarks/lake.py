"""Writing and reading a table of the lake against a bare Parquet file, 1 million x 30; the target is 1.3 times.

    python -m ml_lifecycle_tests.benchmarks.lake [--rows 1000000] [--pairs 5]

Both ways go through pandas: `Lake.write` and `read` against `DataFrame.to_parquet` and `read_parquet`.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from ml_lifecycle.orchestration.lake import Lake


def main() -> None:
    """Print both ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=5)
    chosen = parser.parse_args()
    frame = _mixed(chosen.rows)
    with tempfile.TemporaryDirectory() as folder:
        lake, bare = Lake(Path(folder)), Path(folder) / "bare.parquet"
        record = lake.write(["warm", "up"], frame)
        frame.to_parquet(bare, index=False)
        for name, ours, theirs in (
            ("write", lambda: lake.write(["warm", "up"], frame), lambda: frame.to_parquet(bare, index=False)),
            ("read", lambda: lake.read(["warm", "up"], record), lambda: pd.read_parquet(bare)),
        ):
            pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(chosen.pairs)]
            ratios = sorted(of_ours / of_theirs for of_ours, of_theirs in pairs)
            print(f"{name:6} lake {statistics.median(pair[0] for pair in pairs):.2f} s, ", end="")
            print(f"bare Parquet {statistics.median(pair[1] for pair in pairs):.2f} s; ", end="")
            print(f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


def _seconds(way: Callable[[], object]) -> float:
    began = time.perf_counter()
    way()
    return time.perf_counter() - began


def _mixed(rows: int) -> pd.DataFrame:
    """Numbers, whole numbers, texts of few values, a time and row names."""
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            **{f"number_{place}": random.normal(size=rows) for place in range(15)},
            **{f"whole_{place}": random.integers(0, 1000, rows) for place in range(5)},
            **{f"text_{place}": random.choice(["red", "green", "blue", "black"], rows) for place in range(8)},
            "time": pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(0, 10**6, rows), unit="s"),
            "_row_id": np.arange(rows),
        }
    )


if __name__ == "__main__":
    main()
