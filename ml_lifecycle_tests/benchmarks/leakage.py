"""Leaks found, missed and false alarms, by kind: planted ones in several trades and in the sample, and clean tables.

    python -m ml_lifecycle_tests.benchmarks.leakage [--rows 6000] [--seeds 1] [--say]

The targets: every planted leak is found, at most one false alarm in a hundred clean columns, 20,000 rows of 30 columns
in a few seconds.
"""

import argparse
import time
from collections import Counter, defaultdict

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Task
from ml_lifecycle.dataset.rows import identify
from ml_lifecycle.dataset.splits import split_rows
from ml_lifecycle.discovery.risks import RiskAssessment, assess_risks
from ml_lifecycle_tests.benchmarks.clean_tables import BUNDLED, CleanTable, clean_tables
from ml_lifecycle_tests.benchmarks.planted_leaks import PlantedLeak, plant_all


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4_000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--only", default="", help="only the tables of this name")
    parser.add_argument("--say", action="store_true", help="name what was missed and what was falsely found")
    arguments = parser.parse_args()
    tables = [
        table
        for seed in range(arguments.first, arguments.first + arguments.seeds)
        for table in clean_tables(arguments.rows, seed)
    ]
    tables = [table for table in tables if arguments.only in table.name]
    _clean(
        [*tables, *(() if arguments.only else (load(0, np.random.default_rng(0)) for load in BUNDLED))],
        say=arguments.say,
    )
    _planted(tables, say=arguments.say)
    _speed()


def assess(table: CleanTable, *, method: str = "random") -> RiskAssessment:
    """Divide a table and assess it."""
    project = table.project(split={"method": method})
    frame = identify(table.frame)
    learnt = frame.loc[frame[table.target].notna()]
    splits = split_rows(learnt, project.dataset, target=table.target, task=Task(table.task))
    return assess_risks(frame, project, assignment=splits.assignment)


def named_columns(found: RiskAssessment) -> set[str]:
    """Columns that are named by a reported finding."""
    return {column for finding in found.reported for column in finding.columns}


def is_found(leak: PlantedLeak, found: RiskAssessment) -> bool:
    """Whether a planted leak is among the reported findings."""
    if not leak.columns:
        return any(finding.kind == "shared_rows" for finding in found.reported)
    return bool(named_columns(found) & set(leak.columns))


def _clean(tables: list[CleanTable], *, say: bool) -> None:
    columns = alarms = 0
    print("clean tables            columns  false alarms")
    for table in tables:
        found = assess(table)
        false = [f"{finding.name} ({finding.confidence})" for finding in found.reported]
        columns, alarms = columns + len(table.features), alarms + len(false)
        print(f"  {table.name:<22}{len(table.features):>7}{len(false):>14}  {', '.join(false)}")
        for finding in found.findings if say else ():
            print(f"      {finding.confidence} {finding.name}: {finding.summary} {dict(finding.evidence)}")
    print(f"  {'all':<22}{columns:>7}{alarms:>14}  ({100 * alarms / max(columns, 1):.2f} in 100 columns)\n")


def _planted(tables: list[CleanTable], *, say: bool) -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for table in tables:
        for leak in plant_all(table, seed=1):
            found = assess(leak.table)
            hit = is_found(leak, found)
            extra = [
                f
                for f in found.reported
                if not set(f.columns) & set(leak.columns) and (f.columns or leak.columns) and f.kind not in leak.also
            ]
            counts[leak.kind].update(
                {"found" if hit else "missed": 1, "alarms": len(extra), "columns": len(table.features)}
            )
            if say and not hit:
                near = [f"{f.name} ({f.confidence}) {dict(f.evidence)}" for f in found.findings][:3]
                print(f"  missed: {leak.kind}, {leak.how}, in {table.name}: {near}")
            if say and extra:
                names = [(f.name, f.confidence, f.summary) for f in extra]
                print(f"  alarms: {leak.kind}, {leak.how}, in {table.name}: {names}")
    print("planted leaks           found  missed  false alarms beside")
    total: Counter[str] = Counter()
    for kind, count in counts.items():
        total.update(count)
        print(f"  {kind:<20}{count['found']:>7}{count['missed']:>8}{count['alarms']:>10} in {count['columns']} columns")
    print(f"  {'all':<20}{total['found']:>7}{total['missed']:>8}{total['alarms']:>10} in {total['columns']} columns\n")


def _speed() -> None:
    random = np.random.default_rng(0)
    numbers = random.normal(size=(20_000, 22))
    frame = pd.DataFrame(numbers, columns=[f"n{code}" for code in range(22)])
    for code in range(8):
        frame[f"c{code}"] = random.choice([f"v{value}" for value in range(5 + 10 * code)], len(frame))
    score = numbers[:, 0] + numbers[:, 1] + random.normal(size=len(frame))
    for task, truth in (("classification", (score > 0).astype(int)), ("regression", score)):
        table = CleanTable("speed", frame.assign(y=truth), "y", task)
        assess(table)
        begun = time.perf_counter()
        assess(table)
        print(f"20,000 rows x 30 columns, {task}: {time.perf_counter() - begun:.2f} s")


if __name__ == "__main__":
    main()
