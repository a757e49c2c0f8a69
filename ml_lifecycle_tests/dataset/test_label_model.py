"""Votes become probabilities: on planted rules of known accuracy."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import pytest

from ml_lifecycle.config.labeling import LabelingConfig
from ml_lifecycle.dataset import label_model
from ml_lifecycle.dataset.label_model import combine
from ml_lifecycle.dataset.labeling_functions import SILENT, Votes
from ml_lifecycle.errors import ConfigError

#: Precision and recall of the rules that are planted, of which each votes for one class, in turn 0 and 1.
PLANTED = ((0.9, 0.5), (0.85, 0.4), (0.75, 0.5), (0.7, 0.4), (0.65, 0.5), (0.6, 0.6))


def config(model: str = "dawid_skene") -> LabelingConfig:
    """Some configuration with this model."""
    return LabelingConfig(functions=({"name": "a", "when": "x > 0", "label": 1},), model=model)  # type: ignore[arg-type]


def votes(matrix: Sequence[Sequence[int]] | np.ndarray, labels: int = 2) -> Votes:
    """Votes of so many labels."""
    cells = np.asarray(matrix, dtype=np.int16)
    return Votes(cells, tuple(f"rule_{rule}" for rule in range(cells.shape[1])), tuple(range(labels)))


def unknown(rows: int) -> np.ndarray:
    """No label is known."""
    return np.full(rows, SILENT, dtype=np.int16)


def plant_one_sided(rows: int, seed: int) -> tuple[np.ndarray, Votes]:
    """Rules that vote for one class only, as most written rules do, each right as often as `PLANTED` says."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, rows)
    matrix = np.full((rows, len(PLANTED)), SILENT)
    for rule, (precision, recall) in enumerate(PLANTED):
        label = rule % 2
        speaks = rng.random(rows) < np.where(truth == label, recall, recall * (1 - precision) / precision)
        matrix[speaks, rule] = label
    return truth, votes(matrix)


def plant_many_sided(rows: int, seed: int) -> tuple[np.ndarray, Votes]:
    """Rules that vote for any of three classes, right in so many of ten cases, where one class is frequent."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, rows, p=[0.6, 0.3, 0.1])
    matrix = np.full((rows, 5), SILENT)
    for rule, accuracy in enumerate((0.9, 0.8, 0.7, 0.5, 0.4)):
        wrong = (truth + rng.integers(1, 3, rows)) % 3
        answer = np.where(rng.random(rows) < accuracy, truth, wrong)
        speaks = rng.random(rows) < 0.7
        matrix[speaks, rule] = answer[speaks]
    return truth, votes(matrix, 3)


@pytest.mark.parametrize("plant", [plant_one_sided, plant_many_sided])
def test_dawid_skene_beats_the_majority_on_rules_of_unequal_worth(plant) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """It is right more often, and its probabilities fit far better: it learns which rule to believe."""
    truth, given = plant(4000, seed=0)
    spoken = given.covered
    right, loss = {}, {}
    for model in ("majority", "dawid_skene"):
        found = combine(given, unknown(4000), config(model))[spoken]
        right[model] = float((found.argmax(axis=1) == truth[spoken]).mean())
        loss[model] = float(-np.log(np.clip(found[np.arange(len(found)), truth[spoken]], 1e-3, 1)).mean())
    assert right["dawid_skene"] > right["majority"] + 0.01
    assert loss["dawid_skene"] < 0.7 * loss["majority"]


def test_known_labels_are_held_fast() -> None:
    """A rule that mostly contradicts what is known is not believed where it stands alone."""
    matrix = [[0, SILENT]] * 60 + [[SILENT, 1]] * 60 + [[0, 1]] * 10
    known = unknown(130)
    known[:40] = 1
    guided = combine(votes(matrix), known, config())
    alone = combine(votes(matrix), unknown(130), config())
    assert guided[50, 1] > alone[50, 1] + 0.2


@pytest.mark.parametrize("model", ["majority", "dawid_skene"])
def test_known_labels_correct_rules_that_are_wrong_together(model: str) -> None:
    """Two rules that agree and err deceive any model that learns from agreement; what is known has the last word."""
    matrix = np.array([[0, 0]] * 200 + [[1, 1]] * 200)
    known = unknown(400)
    known[:40] = np.where(np.arange(40) % 4 == 0, 0, 1)
    found = combine(votes(matrix), known, config(model))
    assert found[100, 0] == pytest.approx(0.25, abs=0.15)
    assert combine(votes(matrix), unknown(400), config(model))[100, 0] > 0.9


@pytest.mark.parametrize("model", ["majority", "dawid_skene"])
def test_a_guess_is_never_certain(model: str) -> None:
    """Probabilities sum to 1 and stay below it; rows without a vote are undecided; equal votes give equal answers."""
    found = combine(votes([[0, 0, 0]] * 50 + [[1, 1, 1]] * 50 + [[SILENT] * 3]), unknown(101), config(model))
    assert found.max() < 1
    assert found[0, 0] > 0.9
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(found[-1], [0.5, 0.5])
    assert len(np.unique(found, axis=0)) == 3


@pytest.mark.parametrize("model", ["majority", "dawid_skene"])
@pytest.mark.parametrize(("matrix", "labels"), [([[0], [SILENT]], 1), ([[SILENT, SILENT]], 2), ([[0], [SILENT]], 2)])
def test_few_votes_are_no_crash(model: str, matrix: list[list[int]], labels: int) -> None:
    """One label, no vote at all, a label that nobody votes for."""
    found = combine(votes(matrix, labels), unknown(len(matrix)), config(model))
    assert found.shape == (len(matrix), labels)
    assert np.isfinite(found).all()


def test_many_rows_are_learnt_from_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """With fewer rows to learn from, all rows are labelled and nearly as well."""
    truth, given = plant_one_sided(4000, seed=1)
    whole = combine(given, unknown(4000), config())
    known = np.where(np.arange(4000) % 100 == 0, truth, SILENT).astype(np.int16)
    monkeypatch.setattr(label_model, "LEARNT_ROWS", 1000)
    part = combine(given, known, config())
    spoken = given.covered
    rights = [(found.argmax(axis=1) == truth)[spoken].mean() for found in (whole, part)]
    assert rights[1] > rights[0] - 0.02


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install, or how to do without."""
    monkeypatch.setitem(sys.modules, "crowdkit", None)
    with pytest.raises(ConfigError, match=r"ml-lifecycle\[labeling\].*majority"):
        combine(votes([[0, 1], [1, 1]]), unknown(2), config())
