"""What features cost when a single row is served, measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from ml_lifecycle.features.extraction import FeatureExtractor

_NANO = 1_000  # nanoseconds in a microsecond


def measure_costs(
    extractor: FeatureExtractor, frame: pd.DataFrame, *, sample: int = 200, repeats: int = 3
) -> pd.DataFrame:
    """Measure the microseconds that each encoder and each derivation takes for one row.

    Args:
        extractor: The fitted extractor.
        frame: Rows to try, with history columns where there are any.
        sample: How many of them at most.
        repeats: The fastest pass counts: the others were disturbed.

    Returns:
        One row per encoder or derivation, the dearest first: column, kind, features, microseconds (mean of
        the fastest pass) and share of the sum.
    """
    records = _records(extractor, frame.head(sample))
    lines = []
    full = [dict(record) for record in records]
    for step in extractor.derivations:
        compute = step.row()
        cells = [[record.get(name) for name in step.inputs] for record in records]
        lines.append((", ".join(step.outputs), step.kind, 0, _microseconds(compute, cells, repeats)))
        for record, inputs in zip(full, cells, strict=True):
            record.update(zip(step.outputs, compute(inputs), strict=True))
    for encoder in extractor.encoders:
        cells_of = [record.get(encoder.column) for record in full]
        cost = _microseconds(encoder.cell(), cells_of, repeats)
        lines.append((encoder.column, encoder.kind, len(encoder.features), cost))
    table = pd.DataFrame(lines, columns=["column", "kind", "features", "microseconds"])
    total = table["microseconds"].sum()
    table["share"] = table["microseconds"] / total if total > 0 else 0.0
    return table.sort_values("microseconds", ascending=False, kind="stable", ignore_index=True)


def _records(extractor: FeatureExtractor, frame: pd.DataFrame) -> list[Mapping[str, Any]]:
    present = [column for column in extractor.columns if column in frame.columns]
    return [{str(name): cell for name, cell in record.items()} for record in frame[present].to_dict(orient="records")]


def _microseconds(function: Callable[[Any], object], cells: list[Any], repeats: int) -> float:
    passes = []
    for _ in range(repeats if cells else 0):
        start = time.perf_counter_ns()
        for cell in cells:
            function(cell)
        passes.append((time.perf_counter_ns() - start) / len(cells) / _NANO)
    return min(passes, default=0.0)
