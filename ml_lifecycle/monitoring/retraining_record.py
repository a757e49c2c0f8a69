"""The decision about a retraining as it is kept and shown: one row for a window, with every condition and its answer.

What is decided, and by which rules, lives in `retraining`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any, Self

import pandas as pd

from ml_lifecycle.monitoring.retraining import Check, Decision
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Severity, Verdict

_TABLE = "decision"
#: Fields of a decision that are columns as they are; its checks are one column of JSON.
_PLAIN = tuple(field.name for field in fields(Decision) if field.name != "checks")


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A decision that can be kept.

    Args:
        decision: What was decided, and why.
    """

    decision: Decision

    @property
    def checks(self) -> pd.DataFrame:
        """Every condition that was looked at: `condition`, `lets_start`, `found`."""
        rows = [tuple(check) for check in self.decision.checks]
        return pd.DataFrame(rows, columns=["condition", "lets_start", "found"])

    def markdown(self) -> str:
        """The decision in a line, and its conditions as a table."""
        said = self.decision
        lines = [
            f"| {check.name} | {'yes' if check.passed else '**no**'} | {check.detail.replace('|', '/')} |"
            for check in said.checks
        ]
        head = f"**{said.action}**" + (f" (priority {said.priority})" if said.retrain else "")
        table = ["", "| condition | lets one start | found |", "| --- | --- | --- |", *lines] if lines else []
        return "\n".join([f"{head}: {said.reason}", *table])

    def to_parts(self) -> Parts:
        """One table of one row."""
        said = self.decision
        row: dict[str, Any] = {name: getattr(said, name) for name in _PLAIN}
        checks = json.dumps([list(check) for check in said.checks])
        texts = {name: row[name] or "" for name in ("trigger", "run_key", "finding")}
        return Parts(tables={_TABLE: pd.DataFrame([{**row, **texts, "checks": checks}])})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put a decision together again."""
        row = parts.tables[_TABLE].iloc[0].to_dict()
        checks = tuple(
            Check(str(name), bool(passed), str(detail)) for name, passed, detail in json.loads(row["checks"])
        )
        return cls(
            Decision(
                retrain=bool(row["retrain"]),
                reason=str(row["reason"]),
                action=row["action"],
                priority=int(row["priority"]),
                checks=checks,
                **{name: row[name] or None for name in ("trigger", "run_key", "finding")},
            )
        )


def judge_decision(decision: Decision) -> Verdict:
    """Nobody needs to look: nothing is found, or a retraining deals with it."""
    return Verdict(
        gate="needs_nobody",
        passed=decision.action != "warn",
        summary=f"{decision.action}: {decision.reason}",
        severity=Severity.WARN,
        facts={"action": decision.action, "priority": decision.priority, "trigger": decision.trigger},
        advice="look at the drift report of the window; retrain by hand with `ml-lifecycle retrain`, or let "
        "monitoring.retrain act on it",
    )
