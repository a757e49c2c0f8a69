"""The search keeps its budget, resumes, and is repeated by nobody."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.dataset import AugmentationConfig
from ml_lifecycle.config.modeling import ModelingConfig, SearchConfig
from ml_lifecycle.errors import ConfigError, ModelError, StateError
from ml_lifecycle.modeling.augmentation import augment
from ml_lifecycle.modeling.estimators import FAMILIES
from ml_lifecycle.modeling.training import fit_twice, join_files, refit
from ml_lifecycle.modeling.tuning import TuningResult, family_search, final, tune
from ml_lifecycle.modeling.tuning.journal import open_journal
from ml_lifecycle_tests.modeling.problems import KINDS, SCORES, PlainScore, make_goal, make_samples


def search(storage: Path, kind: Kind = Kind.BINARY, **changes: object) -> TuningResult:
    """Tune on a small problem."""
    named = {"trials": 3, "seconds": 60.0, "max_rows": 1000}
    budget = {key: changes.pop(key, default) for key, default in named.items()}
    score = changes.pop("score", SCORES[kind])
    progress = changes.pop("progress", None)
    augmentation = changes.pop("augmentation", None)
    config = ModelingConfig(**{"max_trees": 25, "threads": 1, "search": SearchConfig(**budget), **changes})  # type: ignore[arg-type]
    return tune(
        make_samples(kind),
        make_samples(kind, 100, seed=1),
        kind=kind,
        classes=make_goal(kind).classes,
        config=config,
        score=score,  # type: ignore[arg-type]
        storage=storage,
        study_name="study",
        progress=progress,  # type: ignore[arg-type]
        augmentation=augmentation,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("family", "kind"), [("lightgbm", kind) for kind in KINDS] + [(family, Kind.BINARY) for family in FAMILIES][1:]
)
def test_a_search_gives_a_scored_model(tmp_path: Path, family: str, kind: Kind) -> None:
    """The result carries the model, its score on the validation rows, and a row per trial, the first by default."""
    heard: list[tuple[int, float | None]] = []
    found = search(tmp_path, kind, family=family, progress=lambda done, best: heard.append((done, best)))
    valid = make_samples(kind, 100, seed=1)
    assert found.score == SCORES[kind](valid.y, found.model.predict_matrix(valid.matrix))
    assert list(found.trials["origin"]) == ["default", "search", "search"]
    assert [done for done, _ in heard] == [1, 2, 3]
    assert found.resumed_from == 0
    assert found.seconds > 0
    assert found.model.family == family
    again = TuningResult.from_parts(found.to_parts())
    assert join_files(again.model) == join_files(found.model)
    assert again.params == found.params
    assert join_files(refit(found.model, make_samples(kind))) == join_files(found.model)


def test_a_finished_search_is_not_searched_again(tmp_path: Path) -> None:
    """The same call fits the same model without a trial; a raised budget adds only what is missing."""
    first = search(tmp_path)
    second = search(tmp_path)
    assert join_files(second.model) == join_files(first.model)
    assert (len(second.trials), second.resumed_from) == (3, 3)
    assert second.final_stopped == first.final_stopped
    third = search(tmp_path, trials=5)
    assert (len(third.trials), third.resumed_from) == (5, 3)


def test_another_search_does_not_mix(tmp_path: Path) -> None:
    """Other settings in the same journal begin anew."""
    search(tmp_path)
    assert search(tmp_path, seed=1).resumed_from == 0
    assert search(tmp_path, parameters={"num_leaves": 5}).resumed_from == 0


@pytest.mark.parametrize("method", ["class_weight", "over", "under", "smote"])
def test_augmented_rows_are_searched_and_fitted_again(tmp_path: Path, method: str) -> None:
    """The search, its final fit and the proof of reproducibility see the same augmented rows; nothing else changes."""
    rare = AugmentationConfig(method=method)  # type: ignore[arg-type]
    found = search(tmp_path, augmentation=rare)
    train = augment(make_samples(Kind.BINARY), rare, kind=Kind.BINARY, seed=0)
    assert found.search_rows == len(train)
    assert join_files(refit(found.model, train)) == join_files(found.model)
    proof = fit_twice(found.model, train)
    assert proof.first == proof.second
    valid = make_samples(Kind.BINARY, 100, seed=1)
    assert found.score == SCORES[Kind.BINARY](valid.y, found.model.predict_matrix(valid.matrix))
    assert search(tmp_path, augmentation=rare).resumed_from == 3
    assert search(tmp_path, augmentation=AugmentationConfig()).resumed_from == 0
    assert search(tmp_path).resumed_from == 3


def test_parameters_by_hand_are_kept(tmp_path: Path) -> None:
    """What is fixed is not searched and reaches the model; a typo is an error before any work."""
    found = search(tmp_path, parameters={"num_leaves": 5, "max_bin": 15})
    assert (found.params["num_leaves"], found.params["max_bin"]) == (5, 15)
    assert not found.trials["params"].str.contains("num_leaves").any()
    with pytest.raises(ConfigError, match="num_leafs"):
        search(tmp_path, parameters={"num_leafs": 5})


def test_random_search_without_pruning(tmp_path: Path) -> None:
    """The other methods of the configuration run too."""
    config = SearchConfig(trials=3, seconds=60, method="random", pruner="none")
    found = search(tmp_path, search=config)
    assert list(found.trials["state"]) == ["complete"] * 3


def test_hopeless_trials_are_pruned(tmp_path: Path) -> None:
    """Trials under the median of the others end early, and count."""
    found = search(tmp_path, trials=20, max_trees=45)
    assert "pruned" in set(found.trials["state"])
    assert len(found.trials) == 20
    assert found.trials.loc[found.trials["number"] == found.best_trial, "state"].item() == "complete"


def test_seconds_end_the_search_inside_a_trial(tmp_path: Path) -> None:
    """A budget that is too small for one trial still gives a model, within about twice the budget."""
    slow = PlainScore("slow", greater_is_better=False, function=lambda y, p: time.sleep(0.05) or float(np.mean(y != p)))
    began = time.monotonic()
    found = search(tmp_path, trials=50, seconds=0.6, max_trees=1000, score=slow)
    assert time.monotonic() - began < 6  # the budget twice, and room for a busy machine
    assert len(found.trials) < 50
    assert found.trials["stopped"].iloc[0] == "deadline"
    assert found.final_stopped in {"deadline", "patience"}
    again = search(tmp_path, trials=50, seconds=0.6, max_trees=1000, score=slow)
    assert len(again.trials) == len(found.trials)
    assert join_files(again.model) == join_files(found.model)


def test_the_search_learns_from_capped_rows(tmp_path: Path) -> None:
    """Trials see `max_rows`; the final fit sees all rows, slower where time allows, and is repeated exactly."""
    config = ModelingConfig(max_trees=5, threads=1, search=SearchConfig(trials=1, seconds=60, max_rows=1000))
    train, valid = make_samples(Kind.REGRESSION, 1500), make_samples(Kind.REGRESSION, 100, seed=1)
    found = tune(
        train, valid, kind=Kind.REGRESSION, classes=0, config=config, score=SCORES[Kind.REGRESSION],
        storage=tmp_path, study_name="s",
    )  # fmt: skip
    assert (found.search_rows, found.model.facts.rows) == (1000, 1500)
    trial = json.loads(found.trials["params"].iloc[0])
    assert found.params["learning_rate"] == found.model.parameters["learning_rate"] < trial["learning_rate"]
    again = tune(
        train, valid, kind=Kind.REGRESSION, classes=0, config=config, score=SCORES[Kind.REGRESSION],
        storage=tmp_path, study_name="s",
    )  # fmt: skip
    assert join_files(again.model) == join_files(found.model)


def test_an_undefined_score_stops_the_search(tmp_path: Path) -> None:
    """A score that is NaN is an error, and the failed trial does not count when the search goes on."""
    nan = PlainScore("log_loss", greater_is_better=False, function=lambda *_: float("nan"))
    with pytest.raises(ModelError, match="NaN on 100 rows"):
        search(tmp_path, score=nan)
    found = search(tmp_path)
    assert list(found.trials["state"]) == ["fail", "complete", "complete", "complete"]
    assert list(found.trials["origin"]) == ["default", "default", "search", "search"]


def test_a_torn_journal_is_mended_and_a_damaged_one_refused(tmp_path: Path) -> None:
    """A last line without an end is cut off; garbage is an error that names the file."""
    search(tmp_path)
    journal = tmp_path / "study.journal"
    with journal.open("ab") as file:
        file.write(b'{"op_code": 4, "wor')
    assert search(tmp_path).resumed_from == 3
    journal.write_bytes(b"garbage\n" + journal.read_bytes())
    with pytest.raises(StateError, match=r"study\.journal"):
        search(tmp_path)


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """A journal has to go somewhere."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StateError, match="cannot be used"):
        search(tmp_path / "file" / "below")


KILLED = """
import sys, time
from dataclasses import replace
from pathlib import Path
from typing import Any
from ml_lifecycle_tests.modeling.test_tuning import search
def progress(done, best):
    print(done, flush=True)
    if done == 2:
        time.sleep(0.05)
search(Path(sys.argv[1]), trials=400, max_trees=200, progress=progress)
"""


def test_a_killed_search_is_completed(tmp_path: Path) -> None:
    """Kill -9 in the middle of a trial loses that trial only: the same call ends at exactly the trials asked for."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= 3:
            break
    time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    before = (tmp_path / "study.journal").read_bytes().count(b"\n")
    assert before > 3
    # The budget of trials is no part of a search's identity: the same search, asked for a few more trials.
    found = search(tmp_path, trials=400, max_trees=200, seconds=0.01)
    finished = found.trials["state"].isin(["complete", "pruned"]).sum()
    assert found.resumed_from == finished
    wanted = int(finished) + 4
    found = search(tmp_path, trials=wanted, max_trees=200)
    states = found.trials["state"]
    assert states.isin(["complete", "pruned"]).sum() == wanted
    assert (states == "running").sum() == 0
    assert found.resumed_from == finished


def test_rows_grow_and_only_full_trials_are_the_best(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials on fewer rows that do not promise end there; the best one saw all rows."""
    monkeypatch.setattr("ml_lifecycle.modeling.search.GROW_FROM", 200)
    found = search(tmp_path, trials=15)
    trials = found.trials
    assert "fewer rows" in set(trials["stopped"])
    assert (trials.loc[trials["state"] == "complete", "rows"] == 300).all()
    assert trials.loc[trials["number"] == 0, "state"].item() == "complete"
    assert found.model.facts.rows == 300


def test_the_model_of_the_best_trial_is_taken_as_it_is(tmp_path: Path) -> None:
    """Where a trial saw all rows, fitting it again gives the same bytes."""
    found = search(tmp_path, trials=5)
    best = found.trials.set_index("number").loc[found.best_trial]
    assert found.score == pytest.approx(best["value"])
    assert join_files(search(tmp_path, trials=5).model) == join_files(found.model)


def test_a_lost_trial_is_tried_again(tmp_path: Path) -> None:
    """What was under way when a process was killed is put back into the queue with its parameters."""
    import optuna

    search(tmp_path, trials=3)
    storage = open_journal(tmp_path / "study.journal")
    (name,) = optuna.get_all_study_names(storage)
    study = optuna.load_study(study_name=name, storage=storage)
    lost = study.ask()
    params = {**study.trials[0].params, "num_leaves": 6}
    for key, distribution in study.trials[0].distributions.items():
        lost._fixed_params = params
        lost._suggest(key, distribution)
    found = search(tmp_path, trials=5)
    assert list(found.trials["state"][:4]) == ["complete"] * 3 + ["fail"]
    assert found.trials["state"].isin(["complete", "pruned"]).sum() == 5
    assert found.trials["params"].iloc[3] == found.trials["params"].iloc[4]


def test_a_killed_final_fit_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its plan stands in the journal, its trees in a checkpoint; the model is the one of a fit that nobody stopped."""
    config = ModelingConfig(max_trees=120, threads=1, search=SearchConfig(trials=1, seconds=60, max_rows=1000))
    train, valid = make_samples(Kind.REGRESSION, 3000), make_samples(Kind.REGRESSION, 200, seed=1)

    def run(folder: Path, score: PlainScore) -> TuningResult:
        return tune(
            train, valid, kind=Kind.REGRESSION, classes=0, config=config, score=score, storage=folder, study_name="s"
        )

    plain = SCORES[Kind.REGRESSION]
    whole = run(tmp_path / "whole", plain)
    calls = 0

    def count(y: np.ndarray, p: np.ndarray) -> float:
        nonlocal calls
        calls += 1
        if calls > trial_calls + 10:
            raise KeyboardInterrupt
        return float(plain(y, p))

    trial_calls = 10**9
    dying = PlainScore(plain.name, greater_is_better=plain.greater_is_better, function=count)
    monkeypatch.setattr(final, "CHECKPOINT_SECONDS", 0.0)
    made = final.fit_final

    def note(*given: Any, **named: Any) -> Any:
        nonlocal trial_calls
        trial_calls = calls
        return made(*given, **named)

    monkeypatch.setattr(family_search, "fit_final", note)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed", dying)
    assert (tmp_path / "killed" / "s.checkpoint").exists()
    monkeypatch.setattr(final, "fit_final", made)
    again = run(tmp_path / "killed", plain)
    assert join_files(again.model) == join_files(whole.model)
    assert again.params == whole.params


def test_a_final_fit_that_ended_too_early_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the clock has left it worse than the best trial, the trial's own model is the model."""
    fit = final._fit

    def cut(*given: Any) -> final.Final:
        made = fit(*given)
        return replace(made, fit=replace(made.fit, score=float("inf"), stopped="deadline"))

    config = ModelingConfig(max_trees=30, threads=1, search=SearchConfig(trials=2, seconds=60, max_rows=1000))
    train, valid = make_samples(Kind.REGRESSION, 2000), make_samples(Kind.REGRESSION, 200, seed=1)
    monkeypatch.setattr(final, "_fit", cut)
    for _ in range(2):
        found = tune(
            train, valid, kind=Kind.REGRESSION, classes=0, config=config, score=SCORES[Kind.REGRESSION],
            storage=tmp_path, study_name="s",
        )  # fmt: skip
        assert found.model.facts.rows == 1000
        assert found.score == pytest.approx(found.trials.set_index("number").loc[found.best_trial, "value"])
