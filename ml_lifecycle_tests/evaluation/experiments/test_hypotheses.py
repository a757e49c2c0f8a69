"""A hypothesis holds, does not hold, or is undecided; the words say by which rows."""

import json

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.evaluation.experiments.hypotheses import HypothesisVerdict, judge_hypothesis
from ml_lifecycle_tests.evaluation.experiments.test_result import make_result

CONFIG = EvaluationConfig(bootstrap=100)


def _folds(values: list[float], learnt_from: str = "") -> pd.DataFrame:
    hashes = [f"{learnt_from}{number}" for number in range(len(values))]
    return pd.DataFrame(
        {
            "fold": range(1, len(values) + 1),
            "train_rows": 80,
            "judged_rows": 20,
            "judged_hash": hashes,
            "log_loss": values,
        }
    )


def test_a_sure_gain_holds() -> None:
    """Better by the bound that decided, with the caveat about validation rows."""
    found = judge_hypothesis(make_result("clear"), make_result("noisy", 0.4), config=CONFIG)
    assert found.outcome == "holds"
    assert found.summary.startswith("The hypothesis holds.")
    assert "validation rows" in found.summary
    assert found.gain.p_value is not None
    assert found.gain.p_value < 0.05


def test_a_sure_loss_does_not_hold() -> None:
    """Surely not better."""
    found = judge_hypothesis(make_result("noisy", 0.4), make_result("clear"), config=CONFIG)
    assert found.outcome == "does not hold"


def test_what_chance_may_have_done_is_undecided() -> None:
    """Two equally good models."""
    found = judge_hypothesis(make_result("one", 0.2), make_result("others", 0.2), config=CONFIG)
    assert found.outcome == "undecided"


def test_the_smallest_gain_counts() -> None:
    """A gain that is real but smaller than what was asked for does not hold."""
    found = judge_hypothesis(make_result("clear", min_gain=5.0), make_result("noisy", 0.4), config=CONFIG)
    assert found.outcome == "does not hold"
    assert "more than 5" in found.summary


def test_another_metric_may_be_asked_for() -> None:
    """The hypothesis names what it is judged by."""
    stated = {"hypothesis": {"statement": "It ranks better.", "metric": "roc_auc"}}
    found = judge_hypothesis(make_result("clear", config=stated), make_result("noisy", 0.4), config=CONFIG)
    assert (found.metric, found.outcome) == ("roc_auc", "holds")


def test_the_same_folds_are_tested_too() -> None:
    """Where both were cross-validated on the same folds the corrected t-test is told beside."""
    ours, theirs = _folds([0.50, 0.52, 0.49, 0.51, 0.5]), _folds([0.60, 0.63, 0.6, 0.61, 0.6])
    found = judge_hypothesis(make_result("clear", folds=ours), make_result("noisy", 0.4, folds=theirs), config=CONFIG)
    assert found.outcome == "holds"
    assert found.fold_gain is not None
    assert found.fold_gain.difference == pytest.approx(0.104)


def test_folds_that_contradict_leave_it_undecided() -> None:
    """Better on the validation rows, surely worse over the folds."""
    ours, theirs = _folds([0.60, 0.63, 0.6, 0.61, 0.6]), _folds([0.50, 0.52, 0.49, 0.51, 0.5])
    found = judge_hypothesis(make_result("clear", folds=ours), make_result("noisy", 0.4, folds=theirs), config=CONFIG)
    assert found.outcome == "undecided"
    assert "contradict" in found.summary


def test_other_folds_are_not_compared() -> None:
    """Values on different folds have nothing to do with each other."""
    ours, theirs = _folds([0.5, 0.5, 0.5]), _folds([0.6, 0.6, 0.6], learnt_from="other")
    found = judge_hypothesis(make_result("clear", folds=ours), make_result("noisy", 0.4, folds=theirs), config=CONFIG)
    assert found.fold_gain is None


def test_rows_in_groups_are_less_sure() -> None:
    """Groups of validation rows are drawn whole."""
    a, b = make_result("clear"), make_result("noisy", 0.4)
    groups = np.arange(400) // 100
    grouped = [make_result(each.name, predictions=each.predictions.assign(group=groups)) for each in (a, b)]
    plain, few = judge_hypothesis(a, b, config=CONFIG), judge_hypothesis(*grouped, config=CONFIG)
    assert few.gain != plain.gain


def test_a_verdict_is_plain_json() -> None:
    """It goes to a file and comes back."""
    found = judge_hypothesis(make_result("clear"), make_result("noisy", 0.4), config=CONFIG)
    assert HypothesisVerdict.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_without_a_hypothesis_there_is_nothing_to_judge() -> None:
    """The tuned model believes nothing."""
    with pytest.raises(ValueError, match="expected an experiment with a hypothesis"):
        judge_hypothesis(make_result("tuned_model", config={}), make_result("noisy"), config=CONFIG)
