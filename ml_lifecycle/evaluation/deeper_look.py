"""What an evaluation says beyond what gates judge: errors, SHAP values, dependence, the learning curve; and its clock.

The questions are methods of `examination`; the report that the answers go into is `report`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pandas as pd

from ml_lifecycle.evaluation.examination import Examination, give_reasons
from ml_lifecycle.evaluation.particulars import OnPart, Particulars
from ml_lifecycle.evaluation.plots.choice import Findings


@dataclass(frozen=True, slots=True)
class Deeper:
    """What goes beyond the gates.

    Args:
        findings: For pictures.
        tables: As tables, by name.
        notes: As sentences, by part.
    """

    findings: Findings
    tables: Mapping[str, pd.DataFrame]
    notes: Mapping[str, str]


class Clock:
    """Tells how long each part took.

    Args:
        on_part: Told the name of each part and its seconds.
    """

    def __init__(self, on_part: OnPart | None) -> None:
        self._on_part = on_part

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        """Measure a part."""
        begun = time.perf_counter()
        yield
        if self._on_part is not None:
            self._on_part(part, time.perf_counter() - begun)


def look_deeper(held: Examination, ranked: pd.DataFrame, given: Particulars, clock: Clock) -> Deeper:
    """Look at errors, explain them, follow the most important columns, and learn again on parts of the rows.

    Args:
        held: The rows with their predictions.
        ranked: Columns and features by importance; see `explanation.COLUMNS`.
        given: The model, what makes its features, and what gives the learning curve, where they are known.
        clock: Told of each part.
    """
    learn = given.get("learn") if held.config.report.learning_curve else None
    with clock("errors"):
        tables = held.look_at_errors()
        reliable = held.compare_probabilities()
    with clock("shap"):
        worst = tables.get("worst_rows")
        places = held.places_of(worst)
        explained = held.explain(given.get("model"), given.get("extract"), places)
        if worst is not None:
            tables["worst_rows"] = give_reasons(worst, places, explained.reasons)
    with clock("partial dependence"):
        dependence = held.follow_columns(ranked)
    with clock("learning curve"):
        curve = learn() if learn is not None else None
    tables |= {"shap": explained.table, "shap_by_class": explained.by_class, "partial_dependence": dependence}
    notes = {"shap": explained.note}
    if curve is not None:
        tables["learning_curve"] = curve.points
        notes["learning_curve"] = " ".join(part for part in (curve.summary, curve.note) if part)
    return Deeper(
        Findings(reliability=reliable, dependence=dependence, explanation=explained, learning=curve, times=held.times),
        {name: table for name, table in tables.items() if len(table)},
        {name: note for name, note in notes.items() if note},
    )
