"""Ten million rows through collection, validation and splitting, in at most 12 GiB.

    python -m ml_lifecycle_tests.benchmarks.large_input [--rows 10000000]

A table of 20 mixed columns is written in pieces to a temporary folder. Each way runs in a child process of its own,
whose peak of memory is told by the operating system: the plain way is `pandas.read_parquet` alone. Rows have an id, an
event time, numbers, whole numbers, truths and text; one row in a hundred breaks the schema and is set aside.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

_PIECE = 500_000
_GIB = 2**20  # ru_maxrss counts KiB
_LIMIT_GIB = 12.0


def main() -> None:
    """Print rows per second, peaks and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--way", choices=["plain", "ours"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.way:
        print(json.dumps({"plain": _plain, "ours": _ours}[chosen.way](chosen.folder)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_rows(folder / "rows", chosen.rows)
        plain, ours = (_in_child(way, folder) for way in ("plain", "ours"))
    steps = {step: seconds for step, seconds in ours.items() if step not in {"peak", "rows", "good"}}
    total = sum(steps.values())
    print(f"{ours['rows']:,.0f} rows x 20 columns, {ours['good']:,.0f} of them good")
    for step, seconds in steps.items():
        print(f"{step:20} {seconds:8.1f} s  {ours['rows'] / seconds:12,.0f} rows/s")
    print(f"{'all of it':20} {total:8.1f} s  {ours['rows'] / total:12,.0f} rows/s  peak {ours['peak']:6.2f} GiB")
    print(f"{'pandas.read_parquet':20} {plain['read']:8.1f} s  {ours['rows'] / plain['read']:12,.0f} rows/s  "
          f"peak {plain['peak']:6.2f} GiB")  # fmt: skip
    print(f"ratio of reading {ours['read_rows'] / plain['read']:.2f}, of all of it {total / plain['read']:.2f}, "
          f"of the peak {ours['peak'] / plain['peak']:.2f}; the limit of {_LIMIT_GIB:g} GiB "
          f"is {'kept' if ours['peak'] <= _LIMIT_GIB else 'broken'}")  # fmt: skip


def write_rows(folder: Path, rows: int) -> None:
    """Write a folder of Parquet files, each of some hundred thousand rows, without ever holding all of them."""
    folder.mkdir(parents=True)
    for number, start in enumerate(range(0, rows, _PIECE)):
        some_rows(start, min(_PIECE, rows - start)).to_parquet(folder / f"part-{number:04}.parquet", index=False)


def some_rows(start: int, count: int) -> pd.DataFrame:
    """Rows of 20 columns: id, time, entity, 7 numbers, 3 whole numbers, 1 truth, 5 texts, target."""
    rng = np.random.default_rng(start)
    place = np.arange(start, start + count)
    columns: dict[str, object] = {
        "id": np.char.add("row-", place.astype(str)).astype(object),
        "at": pd.Timestamp("2020-01-01") + pd.to_timedelta(place * 10, unit="s"),
        "customer": rng.integers(0, 200_000, count),
    }
    for number in range(7):
        values = rng.normal(size=count)
        values[rng.random(count) < 0.02] = np.nan
        columns[f"number_{number}"] = values
    columns["number_0"] = np.where(rng.random(count) < 0.01, 1e6, columns["number_0"])
    for number in range(3):
        columns[f"whole_{number}"] = rng.integers(0, 10 ** (number + 2), count)
    columns["truth"] = rng.random(count) < 0.3
    for number, kinds in enumerate((3, 10, 50, 500, 5000)):
        names = np.array([f"kind {kind}" for kind in range(kinds)], dtype=object)
        columns[f"text_{number}"] = names[rng.integers(0, kinds, count)]
    columns["target"] = np.where(rng.random(count) < 0.2, "yes", "no").astype(object)
    return pd.DataFrame(columns)


def _plain(folder: Path) -> dict[str, float]:
    start = time.perf_counter()
    frame = pd.read_parquet(folder / "rows")
    return {"rows": len(frame), "read": time.perf_counter() - start, "peak": _peak()}


def _ours(folder: Path) -> dict[str, float]:
    from ml_lifecycle.config.brief import Task
    from ml_lifecycle.config.dataset import DatasetConfig, SourceConfig
    from ml_lifecycle.dataset.quarantine import validate_rows
    from ml_lifecycle.dataset.schema import Schema
    from ml_lifecycle.dataset.sources import read_rows
    from ml_lifecycle.dataset.splits import split_rows

    schema = Schema.from_yaml(_SCHEMA)
    given = DatasetConfig(sources=(SourceConfig(path="rows"),), id="id", event_time="at", entity="customer")
    marks = [time.perf_counter()]
    raw = read_rows(given, root=folder, home=folder / "home", target="target").frame
    marks.append(time.perf_counter())
    rows = len(raw)
    good = validate_rows(raw, schema, given).good
    marks.append(time.perf_counter())
    split_rows(good, given, target="target", task=Task.CLASSIFICATION)
    marks.append(time.perf_counter())
    seconds = np.diff(marks)
    steps = dict(zip(("read_rows", "validate_rows", "split_rows"), map(float, seconds), strict=True))
    return {"rows": rows, "good": len(good), **steps, "peak": _peak()}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _GIB


def _in_child(way: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", __spec__.name, "--way", way, "--folder", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def _column(dtype: str, *, nullable: bool = False, unique: bool = False, checks: str = "") -> str:
    return (
        f"{{dtype: '{dtype}', nullable: {str(nullable).lower()}, unique: {str(unique).lower()}, checks: {{{checks}}}}}"
    )


_ANSWERS = "isin: ['yes', 'no']"
_BOUNDS = "in_range: {min_value: -100, max_value: 100}"
_SCHEMA = "\n".join(
    [
        "schema_type: dataframe",
        "columns:",
        f"  id: {_column('str', unique=True)}",
        f"  at: {_column('datetime64[ns]')}",
        f"  customer: {_column('int64', checks='greater_than_or_equal_to: 0')}",
        *(f"  number_{number}: {_column('float64', nullable=True, checks=_BOUNDS)}"
          for number in range(7)),
        *(f"  whole_{number}: {_column('int64', checks='greater_than_or_equal_to: 0')}" for number in range(3)),
        f"  truth: {_column('bool')}",
        *(f"  text_{number}: {_column('str')}" for number in range(5)),
        f"  target: {_column('str', checks=_ANSWERS)}",
    ]
)  # fmt: skip


if __name__ == "__main__":
    main()
