"""From probabilities to classes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ConfigError, PackageError
from ml_lifecycle.modeling.decision import Decision, GroupThresholds, cost_matrix, least_cost_decision
from ml_lifecycle.modeling.target import Target

PAIR = Target(Kind.BINARY, "repaid", ("no", "yes"))
THREE = Target(Kind.MULTICLASS, "grade", (1, 2, 3))
GROUPS = GroupThresholds("sex", {"f": 0.2, "m": 0.6, "1": 0.9}, default=0.4)
DECISIONS = [
    Decision(),
    Decision(threshold=0.3),
    Decision(by_group=GROUPS),
    Decision(costs=((0.0, 1.0, 9.0), (1.0, 0.0, 1.0), (-0.5, 1.0, 0.0))),
]


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_decision_survives_storing(decision: Decision) -> None:
    """Through JSON, every figure."""
    assert Decision.from_dict(json.loads(json.dumps(decision.to_dict()))) == decision


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(DECISIONS), st.integers(0, 2**32 - 1))
def test_one_row_is_decided_as_many_are(decision: Decision, seed: int) -> None:
    """The same class, whichever way."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet((1, 1, 1), 12) if decision.costs else rng.uniform(size=12).round(1)
    rows = pd.DataFrame({"sex": rng.choice(np.array(["f", "m", "x", None], dtype=object), 12)})
    alone = [
        decision.code(one if one.ndim else float(one), row)  # type: ignore[arg-type]
        for one, row in zip(p, rows.to_dict("records"), strict=True)
    ]
    assert decision.codes(p, rows).tolist() == alone


def test_groups_are_told_apart_by_their_text() -> None:
    """A whole number is the same group as integer, as float and as text; what is unknown or missing has the default."""
    rows = pd.DataFrame({"sex": [1, 1.0, "1", "m", None, "other"]})
    decision = Decision(by_group=GROUPS)
    assert decision.codes(np.full(6, 0.5), rows).tolist() == [0, 0, 0, 0, 1, 1]
    assert decision.codes(np.full(2, 0.5)).tolist() == [1, 1]
    assert (decision.general_threshold, decision.column) == (0.4, "sex")


def test_the_least_expected_cost_decides() -> None:
    """A class that is dear to miss is taken long before it is the most probable one; the table is true by predicted."""
    decision = least_cost_decision(THREE, {"3": {"1": 10, "2": 10}, "1": {"3": 1}, "2": {"3": 1}})
    assert decision.codes(np.array([[0.5, 0.3, 0.2], [0.95, 0.02, 0.03]])).tolist() == [2, 0]
    assert Decision().codes(np.array([[0.5, 0.3, 0.2]])).tolist() == [0]


def test_costs_are_read_by_the_names_of_classes() -> None:
    """What is not named costs nothing; a name that is no class is refused with the nearest."""
    assert cost_matrix(THREE, {"1": {"2": 4}}).tolist() == [[0, 4, 0], [0, 0, 0], [0, 0, 0]]
    with pytest.raises(ConfigError, match="did you mean 'yes'"):
        cost_matrix(PAIR, {"Yes": {"no": 5}})
    with pytest.raises(ConfigError, match="more than two classes"):
        least_cost_decision(PAIR, {"yes": {"no": 5}})


@pytest.mark.parametrize("costs", [((0.0, 1.0),), ((0.0, 1.0, 2.0), (1.0, 0.0, 1.0))])
def test_decisions_that_contradict_themselves_are_refused(costs: Any) -> None:
    """Costs that are not square, and costs beside a threshold."""
    with pytest.raises(ValueError, match="square"):
        Decision(costs=costs)
    with pytest.raises(ValueError, match="got both"):
        Decision(threshold=0.5, costs=((0, 1), (1, 0)))


@pytest.mark.parametrize("state", [{}, {"threshold": "x", "by_group": None, "costs": None}, {"threshold": 1}])
def test_a_damaged_state_is_refused(state: dict[str, Any]) -> None:
    """As an error of the package."""
    with pytest.raises(PackageError, match="decision cannot be read"):
        Decision.from_dict(state)
