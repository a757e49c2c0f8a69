"""Training rows predicted by models that did not learn from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.dataset.folds import Fold, Folds
from ml_lifecycle.errors import ModelError
from ml_lifecycle.modeling.cross_fitting import predict_out_of_fold
from ml_lifecycle.modeling.estimators import Rounds, get_family
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.training import fit_model, refit
from ml_lifecycle_tests.modeling.problems import KINDS, make_goal, make_samples


def make_folds(rows: int = 300, count: int = 3) -> Folds:
    """Every third row is judged by the same fold (ranking: every third query of ten rows)."""
    ids = np.arange(rows, dtype=np.int64)
    places = ids // 10 % count
    return Folds("random", tuple(Fold(ids[places != number], ids[places == number]) for number in range(count)))


@pytest.mark.parametrize("kind", KINDS)
def test_each_row_is_predicted_by_a_model_of_the_others(kind: Kind) -> None:
    """Each once, by what the same configuration learns from the other folds."""
    train, folds = make_samples(kind), make_folds()
    model = fit_model(get_family("lightgbm"), train, None, {}, goal=make_goal(kind), rounds=Rounds(5)).model
    found = predict_out_of_fold(train, folds, model)
    assert sorted(found.row_ids) == list(range(300))
    np.testing.assert_array_equal(found.y, train.y[found.row_ids])
    learning, judged = folds.folds[1].train, folds.folds[1].judged
    expected = refit(model, train.take(learning)).predict_matrix(train.take(judged).matrix)
    np.testing.assert_array_equal(found.predictions[found.fold == 1], expected)
    assert (found.query is not None) == (kind is Kind.RANKING)


def test_a_model_does_not_see_the_targets_that_it_predicts() -> None:
    """Other targets of the judged rows change no prediction of them."""
    train = make_samples(Kind.BINARY)
    folds = Folds("random", make_folds().folds[:1])
    model = fit_model(get_family("linear"), train, None, {}, goal=make_goal(Kind.BINARY), rounds=Rounds(2)).model
    flipped = train.y.copy()
    flipped[folds.folds[0].judged] = 1 - flipped[folds.folds[0].judged]
    first = predict_out_of_fold(train, folds, model)
    second = predict_out_of_fold(replace(train, y=flipped), folds, model)
    np.testing.assert_array_equal(first.predictions, second.predictions)
    assert not np.array_equal(first.y, second.y)


def test_only_what_is_learnt_from_is_augmented() -> None:
    """Judged rows keep their shares; each fold is augmented by itself."""
    train = make_samples(Kind.BINARY)
    seen = []

    def augment(samples: Samples) -> Samples:
        seen.append(len(samples))
        return samples.take(np.r_[np.arange(len(samples)), np.flatnonzero(samples.y == 1)])

    model = fit_model(get_family("linear"), train, None, {}, goal=make_goal(Kind.BINARY), rounds=Rounds(2)).model
    found = predict_out_of_fold(train, make_folds(), model, augment=augment)
    assert seen == [200, 200, 200]
    assert len(found) == 300


def test_folds_of_other_rows_are_refused() -> None:
    """Nothing can be predicted, and the error says what to do."""
    train = make_samples(Kind.BINARY)
    model = fit_model(get_family("linear"), train, None, {}, goal=make_goal(Kind.BINARY), rounds=Rounds(1)).model
    strangers = [(np.array([1000]), np.array([1001]))]
    with pytest.raises(ModelError, match="calibrate_on"):
        predict_out_of_fold(train, strangers, model)
