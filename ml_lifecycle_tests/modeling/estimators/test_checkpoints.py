"""A killed fit goes on from its checkpoint, to the byte."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import StateError
from ml_lifecycle.modeling.estimators import Fit, Rounds, get_family
from ml_lifecycle.modeling.estimators.checkpoints import segment_seeds
from ml_lifecycle.modeling.training import fit_model
from ml_lifecycle_tests.modeling.problems import SCORES, make_goal, make_samples

BOOSTED = ("lightgbm", "hist_gradient_boosting", "xgboost", "catboost")
ROUNDS = 70


class KilledError(Exception):
    """Stands for the death of the process."""


def fit(family: str, kind: Kind = Kind.BINARY, objective: str = "auto", seed: int = 0, **rules: object) -> Fit:
    """Fit with draws of rows and features."""
    goal = replace(make_goal(kind, seed), objective=objective)
    parameters = {"hist_gradient_boosting": {"max_features": 0.5}, "lightgbm": {"extra_trees": True, "bagging_freq": 2}}
    return fit_model(
        get_family(family), make_samples(kind), make_samples(kind, 100, seed=1), parameters.get(family, {}),
        goal=goal, rounds=Rounds(ROUNDS, score=SCORES[kind], checkpoint_seconds=0.0, **rules),  # type: ignore[arg-type]
    )  # fmt: skip


def die_after(round_: int) -> object:
    """A listener that dies."""

    def listen(done: int, _: float) -> None:
        if done >= round_:
            raise KilledError

    return listen


@pytest.mark.parametrize(
    ("family", "kind", "objective"),
    [(family, Kind.BINARY, "auto") for family in BOOSTED]
    + [
        ("lightgbm", Kind.RANKING, "xendcg"),
        ("lightgbm", Kind.MULTICLASS, "auto"),
        ("xgboost", Kind.MULTICLASS, "auto"),
    ],
)
def test_a_resumed_fit_is_the_uninterrupted_one(tmp_path: Path, family: str, kind: Kind, objective: str) -> None:
    """The files, the curve and the score are the same, rounds before the death are not made again, no file stays."""
    file = tmp_path / "fit" / "checkpoint"
    whole = fit(family, kind, objective)
    with pytest.raises(KilledError):
        fit(family, kind, objective, checkpoint=file, on_round=die_after(60))
    assert file.exists()
    heard: list[int] = []
    resumed = fit(family, kind, objective, checkpoint=file, on_round=lambda done, _: heard.append(done))
    assert resumed.model.to_files() == whole.model.to_files()
    np.testing.assert_array_equal(resumed.curve, whole.curve)
    assert (resumed.score, resumed.rounds, resumed.stopped) == (whole.score, whole.rounds, whole.stopped)
    assert heard[0] > 20
    assert list(file.parent.iterdir()) == []


@pytest.mark.parametrize("family", BOOSTED)
def test_a_checkpoint_of_another_fit_is_not_used(tmp_path: Path, family: str) -> None:
    """Another seed begins anew, and so does a damaged file."""
    file = tmp_path / "checkpoint"
    with pytest.raises(KilledError):
        fit(family, checkpoint=file, on_round=die_after(60))
    assert fit(family, seed=1, checkpoint=file).model.to_files() == fit(family, seed=1).model.to_files()
    file.write_bytes(b"garbage")
    assert fit(family, checkpoint=file).model.to_files() == fit(family).model.to_files()


def test_a_killed_process_is_gone_on_from(tmp_path: Path) -> None:
    """A process that ends without a word leaves a checkpoint that the next one finishes."""
    file = tmp_path / "checkpoint"
    text = f"""
import os
from pathlib import Path
from ml_lifecycle_tests.modeling.estimators.test_checkpoints import fit
fit("lightgbm", checkpoint=Path({str(file)!r}), on_round=lambda done, _: os._exit(9) if done == 60 else None)
"""
    done = subprocess.run([sys.executable, "-c", text], check=False, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 9
    assert file.exists()
    assert fit("lightgbm", checkpoint=file).model.to_files() == fit("lightgbm").model.to_files()


def test_exact_leaves_of_catboost_begin_anew(tmp_path: Path) -> None:
    """Where CatBoost would go on with other values it keeps no snapshot, and the model is the same all the same."""
    file = tmp_path / "checkpoint"
    with pytest.raises(KilledError):
        fit("catboost", Kind.REGRESSION, "absolute_error", checkpoint=file, on_round=die_after(30))
    assert not file.exists()
    again = fit("catboost", Kind.REGRESSION, "absolute_error", checkpoint=file)
    assert again.model.to_files() == fit("catboost", Kind.REGRESSION, "absolute_error").model.to_files()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file where the folder should be is an error of the state."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(StateError, match="checkpoint of a fit cannot be written"):
        fit("lightgbm", checkpoint=tmp_path / "taken" / "checkpoint")


def test_seeds_of_segments_differ() -> None:
    """No two segments, and no two seeds of one, are the same; the same ones come again."""
    seeds = [seed for segment in range(40) for seed in segment_seeds(7, segment, 4)]
    assert len(set(seeds)) == len(seeds)
    assert segment_seeds(7, 3, 4) == segment_seeds(7, 3, 4)
