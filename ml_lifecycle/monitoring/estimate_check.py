"""Estimates of performance against the truth that came later.

Each report of a window whose outcomes are known also says what would have been estimated of the same rows without
them (`PerformanceReport.estimate`); here all windows are put together.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import pandas as pd

COLUMNS = ("window", "estimate", "estimate_low", "estimate_high", "value", "held")


@dataclass(frozen=True, slots=True)
class EstimateCheck:
    """How often the truth lay in the interval of the estimate.

    Args:
        table: A row per window of which both are known, oldest first: the columns of `COLUMNS`.
    """

    table: pd.DataFrame

    @property
    def share(self) -> float:
        """Share of windows whose truth lay inside; NaN where there is none."""
        return float(self.table["held"].mean()) if len(self.table) else nan

    def markdown(self, most: int = 20) -> str:
        """The newest windows for people."""
        if self.table.empty:
            return "No window's outcomes have come yet that its estimate could be held against."
        inside = int(self.table["held"].sum())
        lines = [
            f"The truth lay inside the interval of the estimate in {inside} of {len(self.table)} windows.",
            "",
            "| window | estimate | truth | inside |",
            "|---|---|--:|---|",
        ]
        for row in self.table.tail(most).itertuples(index=False):
            ends = f"{row.estimate:.4f} ({row.estimate_low:.4f} to {row.estimate_high:.4f})"
            lines.append(f"| {row.window} | {ends} | {row.value:.4f} | {'yes' if row.held else 'no'} |")
        return "\n".join(lines)


def check_estimates(history: pd.DataFrame) -> EstimateCheck:
    """Hold the estimates of earlier windows against the truth.

    Args:
        history: One row per window: `window`, `status` and the fields of `PerformanceReport`; windows that an earlier
            version judged have no estimate.
    """
    if "estimate" not in history.columns:
        return EstimateCheck(pd.DataFrame(columns=list(COLUMNS)))
    both = history[(history["status"] == "measured") & history["estimate"].notna() & history["value"].notna()]
    held = (both["estimate_low"] <= both["value"]) & (both["value"] <= both["estimate_high"])
    table = both.assign(held=held.astype(bool))[list(COLUMNS)]
    return EstimateCheck(table.sort_values("window", ignore_index=True))
