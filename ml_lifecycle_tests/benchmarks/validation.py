"""Validation and quarantine on 1 million rows x 30 mixed columns against the same checks written in plain pandas.

    python -m ml_lifecycle_tests.benchmarks.validation [--pairs 5] [--rows 1000000]

Both run in this process, in turn, on the same frame: dtype, nullable, in_range, isin and a regular expression, as a
project's schema has them. "Good" rows all keep the schema; of the "bad" ones one in ten breaks it, and both ways write
the same table of failures, the source row as JSON included. The target is at most 1.3 times the plain way.
Afterwards it says what cleaning costs: missing-value codes in every column, outliers, exact duplicates; and one row.
"""

from __future__ import annotations

import argparse
import statistics
import time
import timeit
from collections.abc import Callable

import numpy as np
import pandas as pd

from ml_lifecycle.config.cleaning import CleaningConfig
from ml_lifecycle.config.dataset import DatasetConfig, SourceConfig
from ml_lifecycle.dataset.cleaning import Cleaner
from ml_lifecycle.dataset.quarantine import validate_rows
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.dataset.schema import Schema

CITIES = ["Aachen", "Bern", "Cork", "Delft", "Essen", "Faro", "Graz", "Hull"]
COUNTS, AMOUNTS, CHOICES, CODES, TIMES, FLAGS = 8, 8, 6, 3, 2, 3


def main() -> None:
    """Print the seconds and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--rows", type=int, default=1_000_000)
    chosen = parser.parse_args()
    schema = Schema.from_yaml(schema_text())
    good = mixed_rows(chosen.rows)
    bad = with_bad_rows(good, 0.1)
    config = DatasetConfig(sources=(SourceConfig(path="rows.csv"),), quarantine_share=0.2)
    for name, frame in (("good rows", good), ("10 % bad rows", bad)):
        measured = [
            _pair(lambda: validate_rows(frame, schema, config), lambda: _plain(frame), plain_first=bool(number % 2))  # noqa: B023 - called at once
            for number in range(chosen.pairs)
        ]
        ours, plain = (statistics.median(column) for column in zip(*measured, strict=True))
        ratio = statistics.median(first / second for first, second in measured)
        size = f"{len(frame):,} x {frame.shape[1] - 1}"
        print(f"{name:14} {size}: ours {ours:.2f} s, plain pandas {plain:.2f} s, {ratio:.2f} times")
    _tell_cleaning(good)


def _tell_cleaning(frame: pd.DataFrame) -> None:
    declared = {
        "missing_values": {"*": ["?", "unknown", -999]},
        "outliers": {f"count_{number}": {"low": 0, "high": 999, "action": "clip"} for number in range(COUNTS)},
    }
    cells = Cleaner(CleaningConfig.model_validate(declared))
    print(f"cleaning cells {_seconds(lambda: cells.clean(frame)):.2f} s")
    rows = Cleaner(CleaningConfig.model_validate({"duplicates": {"method": "exact"}}))
    print(f"finding duplicates {_seconds(lambda: rows.clean(frame)):.2f} s")
    row = {str(name): cell for name, cell in frame.iloc[0].to_dict().items()}
    each = min(timeit.repeat(lambda: cells.clean_row(row), timer=time.process_time, number=1000, repeat=5)) / 1000
    print(f"cleaning one row of {len(row)} cells {each * 1e6:.1f} us")


def _pair(ours: Callable[[], object], plain: Callable[[], object], *, plain_first: bool) -> tuple[float, float]:
    if plain_first:
        second = _seconds(plain)
        return _seconds(ours), second
    first = _seconds(ours)
    return first, _seconds(plain)


def _seconds(work: Callable[[], object]) -> float:
    """Processor seconds: the machine is shared."""
    began = time.process_time()
    work()
    return time.process_time() - began


def mixed_rows(rows: int) -> pd.DataFrame:
    """Whole numbers, fractions with missing cells, categories, codes, times and truths."""
    draw = np.random.default_rng(0)
    columns: dict[str, object] = {ROW_ID: draw.permutation(rows).astype(np.int64)}
    for number in range(COUNTS):
        columns[f"count_{number}"] = draw.integers(0, 1000, rows)
    for number in range(AMOUNTS):
        amounts = draw.normal(100, 10, rows).clip(0, 200)
        amounts[draw.random(rows) < 0.05] = np.nan
        columns[f"amount_{number}"] = amounts
    for number in range(CHOICES):
        columns[f"choice_{number}"] = np.array(CITIES, dtype=object)[draw.integers(0, len(CITIES), rows)]
    for number in range(CODES):
        texts = np.array([f"C{value:05d}" for value in range(100_000)], dtype=object)
        columns[f"code_{number}"] = texts[draw.integers(0, len(texts), rows)]
    for number in range(TIMES):
        columns[f"at_{number}"] = np.datetime64("2024-01-01", "ns") + draw.integers(0, 10**16, rows).astype("m8[ns]")
    for number in range(FLAGS):
        columns[f"flag_{number}"] = draw.random(rows) < 0.5
    return pd.DataFrame(columns)


def with_bad_rows(frame: pd.DataFrame, share: float) -> pd.DataFrame:
    """The frame in which so many rows break one check, a third of them each another one."""
    bad = frame.copy()
    places = np.random.default_rng(1).permutation(len(frame))[: int(share * len(frame))]
    thirds = np.array_split(places, 3)
    bad.loc[thirds[0], "count_0"] = -1
    bad.loc[thirds[1], "choice_0"] = "Atlantis"
    bad.loc[thirds[2], "code_0"] = "no code"
    return bad


def schema_text() -> str:
    """The schema of `mixed_rows`, as a person writes it."""
    lines = ["schema_type: dataframe", "columns:"]
    for number in range(COUNTS):
        lines += [f"  count_{number}:", "    dtype: int64", "    in_range: {min_value: 0, max_value: 1000}"]
    for number in range(AMOUNTS):
        lines += [f"  amount_{number}:", "    dtype: float64", "    nullable: true"]
        lines += ["    in_range: {min_value: 0.0, max_value: 200.0}"]
    for number in range(CHOICES):
        lines += [f"  choice_{number}:", "    dtype: str", f"    isin: {CITIES}"]
    for number in range(CODES):
        lines += [f"  code_{number}:", "    dtype: str", '    str_matches: "C[0-9]{5}$"']
    for number in range(TIMES):
        lines += [f"  at_{number}:", "    dtype: datetime64[ns]"]
    for number in range(FLAGS):
        lines += [f"  flag_{number}:", "    dtype: bool"]
    return "\n".join(lines)


def _plain(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same by hand: what a careful person writes for these very columns."""
    failing: list[tuple[str, str, pd.Series]] = []
    for number in range(COUNTS):
        name = f"count_{number}"
        _require(pd.api.types.is_integer_dtype(frame[name]), name)
        failing.append((name, "in_range", ~frame[name].between(0, 1000)))
    for number in range(AMOUNTS):
        name = f"amount_{number}"
        _require(pd.api.types.is_float_dtype(frame[name]), name)
        failing.append((name, "in_range", ~(frame[name].between(0.0, 200.0) | frame[name].isna())))
    for number in range(CHOICES):
        name = f"choice_{number}"
        _require(pd.api.types.infer_dtype(frame[name]) == "string", name)
        failing += [(name, "not_nullable", frame[name].isna()), (name, "isin", ~frame[name].isin(CITIES))]
    for number in range(CODES):
        name = f"code_{number}"
        _require(pd.api.types.infer_dtype(frame[name]) == "string", name)
        failing += [(name, "not_nullable", frame[name].isna())]
        failing += [(name, "str_matches", ~frame[name].str.match("C[0-9]{5}$"))]
    for number in range(TIMES):
        name = f"at_{number}"
        _require(pd.api.types.is_datetime64_ns_dtype(frame[name]), name)
        failing.append((name, "not_nullable", frame[name].isna()))
    for number in range(FLAGS):
        _require(pd.api.types.is_bool_dtype(frame[f"flag_{number}"]), f"flag_{number}")
    failures = [
        pd.DataFrame(
            {
                ROW_ID: frame.loc[mask, ROW_ID],
                "column": name,
                "check": check,
                "value": frame.loc[mask, name].astype(str),
            }
        )
        for name, check, mask in failing
        if mask.any()
    ]
    if not failures:
        return frame, pd.DataFrame(columns=[ROW_ID, "column", "check", "value", "row"])
    quarantined = pd.concat(failures, ignore_index=True)
    bad = frame[ROW_ID].isin(quarantined[ROW_ID])
    aside = frame[bad]
    lines = aside.drop(columns=ROW_ID).to_json(orient="records", lines=True, date_format="iso").splitlines()
    quarantined["row"] = quarantined[ROW_ID].map(pd.Series(lines, index=aside[ROW_ID]))
    return frame[~bad].reset_index(drop=True), quarantined


def _require(fits: object, column: str) -> None:
    if not fits:
        raise TypeError(column)


if __name__ == "__main__":
    main()
