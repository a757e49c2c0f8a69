"""Columns that alone nearly determine the target, or say far more than all others together.

Being strong is no fault. What tells a leak from an honest signal: how little it leaves open, that the other columns
together come nowhere near, that given the target it knows nothing more of them (a consequence, see
`power.leftover_by_others`), and what its name says. Copies that are nearly exact are found in `copies`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ml_lifecycle.discovery.risks.finding import Finding, RiskKind, grade, rounded, whole
from ml_lifecycle.discovery.risks.names import sounds_late, sounds_past
from ml_lifecycle.discovery.risks.power import leftover_by_others, power_of, power_together, weigh_leftover
from ml_lifecycle.discovery.risks.table import Column, RiskTable
from ml_lifecycle.discovery.risks.wording import power_of_words

_LEAST_POWER = 0.12  # explained alone, from which a column whose name is suspicious is looked at
_STRONG = 0.45  # the same whatever its name
_MOST_LOOKED_AT = 6
_CERTAIN = 0.9  # explained alone by a consequence, from which it is no measure for other columns
_CONSEQUENCE = 0.02  # of a column, which the others explain beyond the target: no more in what follows from it alone
_LEAST_REST = 0.05


def find_leaks(table: RiskTable, *, apart: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Look for columns that say too much.

    Args:
        table: The rows.
        apart: Columns that are leaks for other reasons, or come from other rows: no measure for the rest.
    """
    columns = [column for column in table if column.name not in apart and column.distinct > 1]
    worded = {column.name: power_of_words(table, column) for column in columns}
    powers = {column.name: max(power_of(table, column), worded[column.name]) for column in columns}
    suspects = [column for column in columns if powers[column.name] >= _threshold(table, column)]
    suspects = sorted(suspects, key=lambda column: -powers[column.name])[:_MOST_LOOKED_AT]
    if not suspects:
        return
    # Of what people wrote, only the word that tells is of interest: other columns cannot witness for the rest of it.
    left = {
        c.name: 0.0 if worded[c.name] else leftover_by_others(table, c, [o for o in columns if o is not c])
        for c in suspects
    }
    consequences = {c.name for c in suspects if left[c.name] < _CONSEQUENCE and powers[c.name] >= _certain(table)}
    together = power_together(table, columns)
    for column in suspects:
        rest = [other for other in columns if other is not column and other.name not in consequences]
        case = _Case(table, column, powers[column.name], power_together(table, rest), together, left[column.name])
        yield case.finding()


def _certain(table: RiskTable) -> float:
    return _CERTAIN if table.target.has_classes else (2 + _CERTAIN) / 3


def _threshold(table: RiskTable, column: Column) -> float:
    return _LEAST_POWER if sounds_late(column.name, table.target.name) else _STRONG


class _Case:
    """What speaks for and against one column."""

    def __init__(
        self, table: RiskTable, column: Column, alone: float, rest: float, together: float, left: float
    ) -> None:
        self.column, self.alone, self.rest, self.left = column, alone, rest, left
        self.adds = max(together - rest, 0.0)
        self.late = sounds_late(column.name, table.target.name)
        self.past = sounds_past(column.name)
        self.classes = table.target.has_classes

    def finding(self) -> Finding:
        """The case as a finding, however sure."""
        confidence = max(self._by_power(), self._by_dominance())
        return Finding(
            kind=RiskKind.TARGET_LEAK,
            columns=(self.column.name,),
            confidence=whole(confidence),
            summary=f"{self.column.name} alone explains {self.alone:.0%} of the target, all other columns together "
            f"{self.rest:.0%}.",
            evidence={
                "explained_alone": rounded(self.alone),
                "explained_by_others": rounded(self.rest),
                "adds_to_others": rounded(self.adds),
                "left_for_others": rounded(self.left),
                "name_speaks_of_the_outcome": self.late,
            },
            advice=f"ask whether {self.column.name} is known when a prediction is made; if not, add it to dataset.drop",
        )

    def _by_power(self) -> float:
        """How sure by what it leaves open alone."""
        steps = (
            ((0.45, 40), (0.6, 66), (0.75, 74), (0.85, 80), (0.93, 88), (0.98, 96))
            if self.classes
            else ((0.7, 40), (0.85, 55), (0.93, 70), (0.97, 84), (0.993, 89), (0.997, 95), (0.998, 97))
        )
        confidence = grade(self.alone, *steps)
        # What the others leave open, this column must close by far, or the problem is simply easy.
        confidence -= grade((1 - self.alone) / max(1 - self.rest, 1e-3), (0.3, 0), (0.6, 12), (1.0, 45))
        confidence += weigh_leftover(self.left, self.rest)
        return confidence + (10 if self.late else 0) - (15 if self.past else 0)

    def _by_dominance(self) -> float:
        """How sure by its name, where it adds more than all others together say."""
        if not self.late:
            return 0.0
        measure = max(self.rest, _LEAST_REST)
        return min(
            grade(self.adds / measure, (0.4, 40), (0.8, 72), (1.0, 80), (2.0, 88), (4.0, 92)),
            grade(self.alone / measure, (0.4, 40), (0.8, 80), (1.0, 92)),
        )
