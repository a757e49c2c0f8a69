"""`Finding`: one thing about the data that somebody should know. What is looked for lives in the checks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

import pandas as pd

from ml_lifecycle.verdict import Fact

_NAMED = 3  # a finding about more columns is named by the first and the number of the others
TABLE_COLUMNS: Final = ("name", "kind", "columns", "severity", "text", "figures", "advice", "accepted")


class FindingSeverity(StrEnum):
    """How much a finding matters: good to know, to be looked at, or not to be trained on."""

    NOTE = "note"
    WARNING = "warning"
    SERIOUS = "serious"

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return {"serious": 0, "warning": 1, "note": 2}[self.value]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Args:
        kind: What kind of thing it is, such as `near_constant`.
        columns: The columns that it is about; none for the table as a whole.
        severity: How much it matters.
        text: One sentence with the figures that decided.
        advice: What to do about it.
        figures: The figures, plain JSON.
        accepted: Why a person lives with it; empty if nobody has said so.
        called: Its name, where it is not made of the kind and the columns.
    """

    kind: str
    columns: tuple[str, ...]
    severity: FindingSeverity
    text: str
    advice: str
    figures: Mapping[str, Fact] = field(default_factory=dict)
    accepted: str = ""
    called: str = ""

    @property
    def name(self) -> str:
        """What the YAML accepts it by.

        >>> Finding("correlated", ("a", "b"), FindingSeverity.NOTE, "", "").name
        'correlated:a+b'
        """
        if self.called or not self.columns:
            return self.called or self.kind
        rest = len(self.columns) - 1
        return f"{self.kind}:{'+'.join(self.columns) if rest < _NAMED else f'{self.columns[0]}+{rest} more'}"

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON, the name with it."""
        return {"name": self.name, **asdict(self), "columns": list(self.columns), "severity": self.severity.value}

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Finding:
        """Make a finding of what `to_dict` gave."""
        values = {key: value for key, value in said.items() if key != "name"}
        return cls(**{**values, "columns": tuple(said["columns"]), "severity": FindingSeverity(said["severity"])})


def tabulate_findings(findings: Iterable[Finding]) -> pd.DataFrame:
    """Findings as a table of text: name, kind, columns, severity, text, figures (JSON), advice, accepted."""
    rows = [
        {
            **{key: value for key, value in finding.to_dict().items() if key in TABLE_COLUMNS},
            "columns": ", ".join(finding.columns),
            "figures": json.dumps(finding.figures, ensure_ascii=False, sort_keys=True),
        }
        for finding in findings
    ]
    return pd.DataFrame(rows, columns=list(TABLE_COLUMNS)).astype(object)


def list_names(names: Iterable[str], most: int = 6) -> str:
    """Write names one after the other, the first ones where there are many.

    >>> list_names(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    all_names = list(names)
    shown = ", ".join(all_names[:most])
    return shown if len(all_names) <= most else f"{shown} and {len(all_names) - most} more"


def as_percent(share: float) -> str:
    """Write a share as a person would: never as nought or as all when it is not.

    >>> as_percent(0.25), as_percent(0.00004), as_percent(0.99999), as_percent(1.0)
    ('25 %', 'under 0.1 %', 'over 99.9 %', '100 %')
    """
    if 0 < share < 0.0005:  # noqa: PLR2004 - what would be rounded to nought
        return "under 0.1 %"
    if 0.9995 <= share < 1:  # noqa: PLR2004 - what would be rounded to all
        return "over 99.9 %"
    return f"{100 * share:.3g} %"


def as_rows(count: int) -> str:
    """Write a number of rows.

    >>> as_rows(1), as_rows(1200)
    ('1 row', '1,200 rows')
    """
    return "1 row" if count == 1 else f"{count:,} rows"


def as_number(value: float) -> str:
    """Write a number short.

    >>> as_number(99999.0), as_number(0.333333), as_number(675531.27)
    ('99999', '0.3333', '675531')
    """
    plain = abs(value) < 1e15 and (abs(value) >= 1e3 or float(value).is_integer())  # noqa: PLR2004 - longer ones are clearer as powers
    return f"{value:.0f}" if plain else f"{value:.4g}"
