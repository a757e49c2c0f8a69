"""Fits that are done are found again by those that repeat a killed step, and by nobody else."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import StateError
from ml_lifecycle.modeling import cross_fitting, ensemble_members
from ml_lifecycle.modeling.cross_fitting import predict_out_of_fold
from ml_lifecycle.modeling.ensemble_members import fit_members
from ml_lifecycle.modeling.estimators import FittedModel, Rounds, get_family
from ml_lifecycle.modeling.kept_fits import KeptFit, KeptFits, hash_rows, identify_fit, identify_refit
from ml_lifecycle.modeling.training import fit_model
from ml_lifecycle_tests.modeling.problems import SCORES, make_goal, make_samples
from ml_lifecycle_tests.modeling.test_cross_fitting import make_folds
from ml_lifecycle_tests.modeling.test_ensemble import GREEDY, configure, make_search

TRAIN, TIMED = make_samples(Kind.BINARY), make_samples(Kind.BINARY, timed=True)


def _model(family: str = "lightgbm") -> FittedModel:
    return fit_model(get_family(family), TRAIN, None, {}, goal=make_goal(Kind.BINARY), rounds=Rounds(5)).model


class Killed(BaseException):
    """What ends a process in the middle of a fit."""


class Mortal:
    """Passes calls on, until it is killed at one of them."""

    def __init__(self, function: Any, dies_at: int | None = None) -> None:
        self.function, self.dies_at, self.calls = function, dies_at, 0

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call, or die."""
        self.calls += 1
        if self.calls == self.dies_at:
            raise Killed
        return self.function(*arguments, **named)


@pytest.mark.parametrize("family", ["lightgbm", "linear"])
def test_a_kept_fit_comes_back_to_the_byte(tmp_path: Path, family: str) -> None:
    """With its seconds and facts; another process finds it too."""
    model = _model(family)
    KeptFits(tmp_path).keep("a", KeptFit(model, 1.5, {"inner": 0.7}))
    found = KeptFits(tmp_path).find("a")
    assert found is not None
    assert (found.model.to_files(), found.seconds, found.facts) == (model.to_files(), 1.5, {"inner": 0.7})
    assert KeptFits(tmp_path).find("b") is None


def test_without_a_folder_nothing_is_kept() -> None:
    """Nor found."""
    kept = KeptFits()
    kept.keep("a", KeptFit(_model(), 1.0))
    assert kept.find("a") is None
    assert kept.checkpoint("a") is None


def test_a_damaged_file_is_no_fit(tmp_path: Path) -> None:
    """It is fitted anew; a file cut short is what a full disk leaves."""
    kept = KeptFits(tmp_path)
    kept.keep("a", KeptFit(_model(), 1.0))
    path = tmp_path / "a.fit"
    path.write_bytes(path.read_bytes()[:200])
    assert kept.find("a") is None


def test_what_a_step_no_longer_uses_is_removed(tmp_path: Path) -> None:
    """Fits of other rows would only grow in number."""
    KeptFits(tmp_path).keep("old", KeptFit(_model(), 1.0))
    kept = KeptFits(tmp_path)
    kept.find("new")
    kept.keep("new", KeptFit(_model(), 1.0))
    under_way = kept.checkpoint("new")
    assert under_way is not None
    under_way.touch()
    kept.prune()
    assert [path.name for path in tmp_path.iterdir()] == ["new.fit"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """With what to do."""
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="cannot be kept"):
        KeptFits(tmp_path / "file" / "folder").keep("a", KeptFit(_model(), 1.0))


def test_a_fingerprint_tells_rows_and_settings_apart() -> None:
    """Every value of the rows counts, whichever it is."""
    values = TRAIN.matrix.values.copy()
    values[-1, 0] += 1
    other = replace(TRAIN, matrix=replace(TRAIN.matrix, values=values))
    weighted = replace(TRAIN, weight=np.ones(len(TRAIN)))
    keys = [identify_fit(hash_rows(rows), n=5) for rows in (TRAIN, other, weighted, TIMED, TRAIN.take(np.arange(299)))]
    assert len({*keys, identify_fit(hash_rows(TRAIN), n=6), identify_fit(hash_rows(TRAIN, TRAIN), n=5)}) == 7
    assert identify_refit(_model(), TRAIN) == identify_refit(_model(), TRAIN)
    assert identify_refit(_model(), TRAIN) != identify_refit(_model("linear"), TRAIN)


def test_a_killed_cross_fitting_goes_on_after_its_done_folds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Killed in the third fold of four, only that one and the fourth are fitted then; the result is the same."""
    model, folds = _model(), make_folds(count=4)
    whole = predict_out_of_fold(TRAIN, folds, model)
    refit = cross_fitting.refit
    monkeypatch.setattr(cross_fitting, "refit", Mortal(refit, dies_at=3))
    with pytest.raises(Killed):
        predict_out_of_fold(TRAIN, folds, model, kept=KeptFits(tmp_path))
    second = Mortal(refit)
    monkeypatch.setattr(cross_fitting, "refit", second)
    found = predict_out_of_fold(TRAIN, folds, model, kept=KeptFits(tmp_path))
    assert second.calls == 2
    np.testing.assert_array_equal(found.predictions, whole.predictions)


def test_killed_members_go_on_after_those_that_are_done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Killed in the second fit; the first is read again, and its seconds count as spent."""
    rows = make_samples(Kind.BINARY), make_samples(Kind.BINARY, 200, seed=1), make_search(Kind.BINARY)
    options = {"config": configure(GREEDY), "score": SCORES[Kind.BINARY]}
    whole, _ = fit_members(*rows, **options)
    assert len(whole) == 3
    fit = ensemble_members._fit
    monkeypatch.setattr(ensemble_members, "_fit", Mortal(fit, dies_at=2))
    with pytest.raises(Killed):
        fit_members(*rows, **options, kept=KeptFits(tmp_path))
    second = Mortal(fit)
    monkeypatch.setattr(ensemble_members, "_fit", second)
    members, notes = fit_members(*rows, **options, kept=KeptFits(tmp_path))
    assert (second.calls, notes) == (1, [])
    assert [one.model.to_files() for one in members] == [one.model.to_files() for one in whole]


def test_seconds_of_members_that_are_done_count_as_spent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Else a training that is killed again and again would never end."""
    rows = make_samples(Kind.BINARY), make_samples(Kind.BINARY, 200, seed=1), make_search(Kind.BINARY)
    options = {"config": configure(GREEDY, seconds=60), "score": SCORES[Kind.BINARY]}
    monkeypatch.setattr(ensemble_members, "_fit", Mortal(ensemble_members._fit, dies_at=2))
    with pytest.raises(Killed):
        fit_members(*rows, **options, kept=KeptFits(tmp_path))
    (path,) = tmp_path.glob("*.fit")
    known = KeptFits(tmp_path).find(path.stem)
    assert known is not None
    KeptFits(tmp_path).keep(path.stem, replace(known, seconds=61.0))
    members, (note,) = fit_members(*rows, **options, kept=KeptFits(tmp_path))
    assert len(members) == 2
    assert "1 of 3 candidates were not fitted" in note


_DIES = """
import os, signal, sys
from pathlib import Path
from ml_lifecycle.modeling import cross_fitting
from ml_lifecycle.modeling.kept_fits import KeptFits
from ml_lifecycle_tests.modeling.test_cross_fitting import make_folds
from ml_lifecycle_tests.modeling.test_kept_fits import TRAIN, _model
refit, calls = cross_fitting.refit, []
def mortal(*arguments):
    calls.append(1)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return refit(*arguments)
cross_fitting.refit = mortal
cross_fitting.predict_out_of_fold(TRAIN, make_folds(count=4), _model(), kept=KeptFits(Path(sys.argv[1])))
"""


def test_a_killed_process_is_gone_on_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a process that is gone has finished is not fitted again by the next."""
    done = subprocess.run([sys.executable, "-c", _DIES, str(tmp_path)], env={**os.environ}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list(tmp_path.glob("*.fit"))) == 2
    counted = Mortal(cross_fitting.refit)
    monkeypatch.setattr(cross_fitting, "refit", counted)
    predict_out_of_fold(TRAIN, make_folds(count=4), _model(), kept=KeptFits(tmp_path))
    assert counted.calls == 2
