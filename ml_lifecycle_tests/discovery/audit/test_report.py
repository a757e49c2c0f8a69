"""What is done with an audit: the gate, storage, Markdown, JSON."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from ml_lifecycle.discovery.audit.audit import audit_rows
from ml_lifecycle.discovery.audit.findings import TABLE_COLUMNS
from ml_lifecycle.discovery.audit.limits import AuditLimits
from ml_lifecycle.discovery.audit.report import DataAudit, judge_audit
from ml_lifecycle.discovery.audit.statistics import STATISTIC_TYPES
from ml_lifecycle.parts import Storable
from ml_lifecycle.verdict import Severity
from ml_lifecycle_tests.discovery.audit.tables import NOW, make_clean, make_project


def _audit(**columns: object) -> DataAudit:
    return audit_rows(make_clean().assign(**columns), target="bought", now=NOW)


def test_the_gate_warns_and_never_stops() -> None:
    """A warning fails it, a note does not."""
    assert judge_audit(_audit()).passed
    assert judge_audit(_audit(nearly=[1] + [0] * 599)).passed
    verdict = judge_audit(_audit(one=1))
    assert not verdict.passed
    assert not verdict.blocks
    assert verdict.severity is Severity.WARN
    assert "constant:one" in verdict.summary
    json.dumps(dict(verdict.facts))


def test_the_gate_can_be_stricter_or_milder() -> None:
    """By the limits."""
    notes = AuditLimits(fails_from="note")
    frame = make_clean().assign(nearly=[1] + [0] * 599)
    assert not judge_audit(audit_rows(frame, target="bought", now=NOW, limits=notes)).passed
    serious = AuditLimits(fails_from="serious")
    assert judge_audit(audit_rows(frame.assign(one=1), target="bought", now=NOW, limits=serious)).passed


def test_accepted_findings_pass() -> None:
    """With a reason in the YAML."""
    project = make_project(risks={"accepted": [{"finding": "constant:one", "reason": "comes next year"}]})
    assert judge_audit(audit_rows(make_clean().assign(one=1), project, now=NOW)).passed


def test_it_can_be_stored() -> None:
    """Taken apart and put together it is the same, with findings or without."""
    for audit in (_audit(), _audit(one=1, gap=np.where(np.arange(600) % 3, 1.5, np.nan))):
        assert isinstance(audit, Storable)
        again = DataAudit.from_parts(audit.to_parts())
        assert again.findings == audit.findings
        assert again.scope == audit.scope
        pd.testing.assert_frame_equal(again.columns, audit.columns)
        assert list(audit.to_parts().tables["findings"].columns) == list(TABLE_COLUMNS)


def test_tables_have_the_same_types_whatever_was_found() -> None:
    """So that a store need not guess the type of an empty column."""
    empty, full = _audit(), _audit(one=1)
    for name, table in empty.to_parts().tables.items():
        assert table.dtypes.equals(full.to_parts().tables[name].dtypes)
    assert dict(empty.columns.dtypes.astype(str)) == dict(STATISTIC_TYPES)


def test_markdown_stays_in_its_cells() -> None:
    """Bars and angle brackets of names are written out, and long lists end."""
    audit = audit_rows(make_clean().assign(**{"a|b<c>": 1}), target="bought", now=NOW)
    text = audit.to_markdown(most=3)
    assert "a\\|b&lt;c>" in text
    assert "6 more columns" in text
    widths = {line.replace("\\|", "").count("|") for line in text.splitlines() if line.startswith("| ")}
    assert widths == {5, 8}


def test_json_is_plain() -> None:
    """No NaN, no numpy."""
    said = json.loads(json.dumps(_audit(one=1).to_dict(), allow_nan=False))
    assert said["findings"][0]["name"] == "constant:one"
    assert said["columns"][0]["column"] == "when"
