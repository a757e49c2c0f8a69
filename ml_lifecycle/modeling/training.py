"""Fitting one model: with early stopping and a deadline, again for proof, and on shuffled labels for sanity.

Which parameters are worth it is the business of `tuning`; how each family fits lives in `estimators`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ml_lifecycle.modeling.estimators import Family, Fit, FittedModel, Goal, Rounds, get_family
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.sampling import cap_rows
from ml_lifecycle.modeling.search_space import Parameter

#: What the proof of reproducibility fits twice at most: a full fit would double the time of training.
PROOF_ROWS = 50_000
PROOF_ROUNDS = 50
#: What the sanity check fits: chance shows on few rows and trees.
SANITY_ROWS = 20_000
SANITY_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Repetition:
    """Two fits of the same, to be compared byte by byte.

    Args:
        first: The files of the first fit, one after the other.
        second: Those of the second.
        rows: Rows that both were fitted on.
        rounds: Rounds of both.
    """

    first: bytes
    second: bytes
    rows: int
    rounds: int


def count_threads(wanted: int | None) -> int:
    """The threads to train with: as wanted, or the cores this process may use."""
    if wanted is not None:
        return wanted
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def fit_model(
    family: Family,
    train: Samples,
    valid: Samples | None,
    parameters: Mapping[str, Parameter],
    *,
    goal: Goal,
    rounds: Rounds,
) -> Fit:
    """Fit one model.

    Args:
        family: Its family.
        train: Rows to learn from.
        valid: Rows for early stopping, where `rounds` names a score.
        parameters: Hyperparameters; what is missing takes the family's default.
        goal: What is fitted.
        rounds: How long it may go on.

    Raises:
        ModelError: Nothing can be learnt from the rows, or the score is not a number.
    """
    filled = {**family.default_parameters(len(train.y), goal), **parameters}
    return family.fit(family.prepare(train, valid, goal, filled), filled, rounds)


def refit(model: FittedModel, train: Samples, *, rounds: int | None = None) -> FittedModel:
    """Fit a model again from its own facts: parameters, seed, threads and number of rounds, without any clock.

    Args:
        model: The model.
        train: All training rows; those that the model was fitted on are drawn from them again.
        rounds: Fewer rounds than the model has; as many by default.
    """
    facts = model.facts
    family = get_family(facts.family)
    rows = cap_rows(train, facts.rows, facts.goal)
    most = min(facts.iterations, rounds or facts.iterations)
    prepared = family.prepare(rows, None, facts.goal, facts.parameters)
    return family.fit(prepared, facts.parameters, Rounds(most=most)).model


def refit_with(model: FittedModel, train: Samples, more: Samples) -> FittedModel:
    """Fit a model again on its training rows and further ones, such as the validation rows once all is decided.

    Parameters and rounds stay. Where the model saw only part of the training rows, as large a part of all is drawn.

    Args:
        model: The model.
        train: All training rows.
        more: The further rows.
    """
    facts = model.facts
    both = train.join(more)
    rows = cap_rows(both, round(facts.rows / max(len(train), 1) * len(both)), facts.goal)
    family = get_family(facts.family)
    prepared = family.prepare(rows, None, facts.goal, facts.parameters)
    return family.fit(prepared, facts.parameters, Rounds(most=facts.iterations)).model


def fit_twice(model: FittedModel, train: Samples, *, rows: int = PROOF_ROWS, rounds: int = PROOF_ROUNDS) -> Repetition:
    """Fit a model's configuration twice from the start, on at most so many rows and rounds.

    A bounded proof: what could make two fits differ (seeds, threads, the order of sums, categories) acts in the first
    trees already.
    """
    part = cap_rows(train, rows, model.facts.goal)
    first, second = (refit(model, part, rounds=rounds) for _ in range(2))
    return Repetition(join_files(first), join_files(second), len(part.y), first.iterations)


def join_files(model: FittedModel) -> bytes:
    """All files of a model, one after the other with their names."""
    files = model.to_files()
    return b"".join(name.encode() + b"\0" + files[name] for name in sorted(files))


def fit_on_shuffled_labels(
    train: Samples,
    valid: Samples,
    family: Family,
    parameters: Mapping[str, Parameter],
    *,
    goal: Goal,
    rows: int = SANITY_ROWS,
    rounds: int = SANITY_ROUNDS,
) -> np.ndarray:
    """Predict the validation rows by a model that learnt from shuffled labels.

    Such a model knows nothing. If its predictions score better than chance, the evaluation leaks.

    Args:
        train: Training rows; at most `rows` of them are used.
        valid: Rows to predict.
        family: The family of the candidate.
        parameters: Its parameters.
        goal: What is fitted; its seed shuffles.
        rows: The most rows to learn from.
        rounds: The most rounds.

    Returns:
        Predictions in the order of `valid`, in the form of `FittedModel.predict`.
    """
    part = cap_rows(train, rows, goal)
    shuffled = replace(part, y=np.random.default_rng(goal.seed).permutation(part.y))
    filled = {**family.default_parameters(len(part.y), goal), **parameters}
    prepared = family.prepare(shuffled, None, goal, filled)
    return family.fit(prepared, filled, Rounds(most=rounds)).model.predict_matrix(valid.matrix)
