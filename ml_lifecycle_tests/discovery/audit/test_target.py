"""The target and its classes."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lifecycle.discovery.audit.audit import audit_rows
from ml_lifecycle.discovery.audit.findings import FindingSeverity
from ml_lifecycle_tests.discovery.audit.tables import NOW, find, make_clean


def test_imbalance() -> None:
    """Rare is noted, very rare is a warning, a handful cannot be learnt."""
    rows = np.arange(2000)
    frame = make_clean(2000)
    assert find(frame.assign(bought=rows % 20 == 0))["imbalance:bought"].severity is FindingSeverity.NOTE
    assert find(frame.assign(bought=rows % 150 == 0))["imbalance:bought"].severity is FindingSeverity.WARNING
    assert "rare_classes:bought" in find(frame.assign(bought=rows % 500 == 0))


def test_a_constant_target_is_serious() -> None:
    """Nothing can be learnt."""
    found = find(make_clean().assign(bought="yes"))
    assert found["target_constant:bought"].severity is FindingSeverity.SERIOUS
    assert "constant:bought" not in found


def test_an_unknown_target_is_noted() -> None:
    """It is no column with missing cells like others."""
    frame = make_clean()
    frame.loc[::4, "bought"] = None
    assert set(find(frame)) == {"target_missing:bought"}


def test_the_distribution() -> None:
    """Classes by rows; amounts in steps."""
    frame = make_clean()
    classes = audit_rows(frame, target="bought", now=NOW).target
    assert classes["value"].tolist() == ["no", "yes"]
    assert classes["share"].sum() == pytest.approx(1)
    amounts = audit_rows(frame, target="balance", now=NOW).target
    assert len(amounts) == 20
    assert amounts["rows"].sum() == 600
