"""Everything is looked for at once, settled, judged and stored."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.discovery.risks import RiskAssessment, assess_risks
from ml_lifecycle.errors import TargetError
from ml_lifecycle.parts import Parts, Storable
from ml_lifecycle.verdict import Severity
from ml_lifecycle_tests.discovery.risks.tables import ROWS, assess, names, people, prices, project


def test_honest_columns_are_left_alone() -> None:
    """Neither classes nor amounts that follow from honest columns give a finding, and all gates pass."""
    for found in (assess(people()), assess(prices(), "regression")):
        assert names(found) == []
        assert all(verdict.passed for verdict in found.verdicts)


def test_a_leak_blocks_and_is_named() -> None:
    """A finding above block_from fails the gate for good, with its name and an advice."""
    verdict = assess(people().assign(again=lambda frame: frame["y"])).verdicts[0]
    assert verdict.gate == "no_target_leakage"
    assert verdict.blocks
    assert verdict.facts["blocking"] == ["target_copy:again"]
    assert "target_copy:again" in verdict.advice


def test_an_accepted_finding_blocks_nothing_and_is_written_down() -> None:
    """The reason stands in the finding, in the verdict and in the table."""
    accepted = [{"finding": "target_copy:again", "reason": "a test"}]
    found = assess(people().assign(again=lambda frame: frame["y"]), risks={"accepted": accepted})
    assert found.verdicts[0].passed
    assert found.verdicts[0].facts["accepted"] == {"target_copy:again": "a test"}
    assert found.table.loc[0, ["accepted", "reason"]].tolist() == [True, "a test"]


def test_a_finding_below_block_from_only_warns() -> None:
    """The gate fails, but stops nothing."""
    found = assess(people().assign(again=lambda frame: frame["y"]), risks={"block_from": 100})
    assert not found.verdicts[0].passed
    assert found.verdicts[0].severity is Severity.WARN


def test_dropped_and_named_columns_are_not_accused() -> None:
    """What no model sees cannot leak."""
    frame = people().assign(number=range(ROWS), again=people()["y"])
    assert names(assess(frame, drop=["again"], id="number")) == []


def test_an_assessment_survives_storing() -> None:
    """It consists of a table and JSON, and comes back as it was."""
    found = assess(people().assign(number=range(ROWS), again=people()["y"]))
    assert isinstance(found, Storable)
    parts = found.to_parts()
    stored = Parts(parts.tables, {name: bytes(data) for name, data in parts.files.items()})
    assert RiskAssessment.from_parts(stored) == found
    json.loads(parts.files["risks.json"])


def test_an_empty_assessment_has_a_table() -> None:
    """No findings are a table of no rows, with all columns."""
    found = assess(people())
    assert list(found.table.columns)[:2] == ["name", "kind"]
    assert RiskAssessment.from_parts(found.to_parts()) == found


def test_the_same_seed_gives_the_same_findings() -> None:
    """Nothing is left to chance."""
    frame = people().assign(again=lambda rows: rows["y"])
    assert assess(frame) == assess(frame)


def test_few_rows_and_odd_columns_do_not_crash() -> None:
    """An empty frame, no labels, constants, lists, and columns without a value."""
    lists = pd.Series([[1]] * 60)
    odd = people(60).assign(nothing=None, same=1, many=lists, when=pd.Timestamp("2024-01-01"), huge=np.inf)
    assert assess(odd).verdicts[0].passed
    assert assess(odd.head(0)).findings == ()
    assert assess(odd.assign(y=None)).findings == ()
    assert assess(prices(60).assign(nothing=np.nan, same=1), "regression").verdicts[0].passed


def test_an_absent_target_is_an_error() -> None:
    """The message names what is there."""
    with pytest.raises(TargetError, match="a column 'y'"):
        assess_risks(people().drop(columns="y"), project())
