"""Members of an ensemble: the best trials of a search, fitted on the training rows. How they are mixed: `ensemble`."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from ml_lifecycle.config.modeling import ModelingConfig
from ml_lifecycle.modeling.estimators import FittedModel, get_family
from ml_lifecycle.modeling.kept_fits import KeptFit, KeptFits, hash_rows, identify_fit
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.sampling import cap_rows
from ml_lifecycle.modeling.score import Score
from ml_lifecycle.modeling.search import JUDGED_ROWS, Part, Search
from ml_lifecycle.modeling.search_space import Parameter

#: Seconds between two checkpoints of a member that is being fitted.
CHECKPOINT_SECONDS = 30.0


class Trials(Protocol):
    """What is needed of a finished search; `tuning.TuningResult` is one."""

    @property
    def model(self) -> FittedModel:
        """The tuned model."""
        ...

    @property
    def params(self) -> Mapping[str, Parameter]:
        """Its hyperparameters, also those that were not searched."""
        ...

    @property
    def trials(self) -> pd.DataFrame:
        """One row per trial: `number`, `state`, `value`, `params` (JSON)."""
        ...

    @property
    def best_trial(self) -> int:
        """The number of its trial."""
        ...

    @property
    def others(self) -> Sequence[tuple[int, FittedModel]]:
        """Models at hand, each after the number of its trial: of other families (-1), of the next best trials."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """A model that may take part.

    Args:
        trial: The number of its trial; -1 for the best of another family, which has trials of its own.
        model: The model, fitted on the training rows.
        predictions: What it says of the validation rows, shape (n,) or (n, k).
        seconds: What fitting it took.
    """

    trial: int
    model: FittedModel
    predictions: np.ndarray
    seconds: float


def fit_members(
    train: Samples,
    valid: Samples,
    result: Trials,
    *,
    config: ModelingConfig,
    score: Score,
    kept: KeptFits | None = None,
) -> tuple[list[Member], list[str]]:
    """The tuned model, the best of other families, then the next best trials; and what is to be said about it.

    Members learn from as many rows as the tuned model did, which are made ready once, by the rules of the search's own
    fits. Together they may take the seconds of the search again: one that is not done by then is left out.

    Args:
        train: Training rows.
        valid: Validation rows.
        result: The finished search.
        config: Seconds, trees, and the number of candidates.
        score: The project's metric.
        kept: Where finished members are kept, so that a killed step goes on after them; the seconds that they took
            are counted as spent.
    """
    seconds, kept = config.search.seconds, kept or KeptFits()
    deadline = time.monotonic() + seconds
    facts = result.model.facts
    members = [Member(result.best_trial, result.model, result.model.predict_matrix(valid.matrix), 0.0)]
    for trial, other in result.others[: config.ensemble.candidates - 1]:
        members.append(Member(trial, other, other.predict_matrix(valid.matrix), 0.0))
    before = len(members)
    chosen = _candidates(result, config.ensemble.candidates - before, score, {member.trial for member in members})
    part = Part(cap_rows(train, facts.rows, facts.goal), cap_rows(valid, JUDGED_ROWS, facts.goal))
    search = Search(get_family(facts.family), facts.goal, config, score, (part,))
    rows = "" if kept.folder is None else hash_rows(part.train, part.judged)
    for trial, found in chosen:
        parameters = {**result.params, **found}
        key = _identify(search, parameters, rows)
        known = kept.find(key)
        if known is None and time.monotonic() < deadline:
            known = _fit(search, parameters, deadline, kept.checkpoint(key))
            if known is not None:
                kept.keep(key, known)
        elif known is not None:
            deadline -= known.seconds
        if known is None:
            break
        members.append(Member(trial, known.model, known.model.predict_matrix(valid.matrix), known.seconds))
    kept.prune()
    late = len(chosen) + before - len(members)
    return members, [
        f"{late} of {len(chosen) + before} candidates were not fitted within {seconds:g} s."
    ] if late else []


def _fit(
    search: Search, parameters: Mapping[str, Parameter], deadline: float, checkpoint: Path | None
) -> KeptFit | None:
    """Fit one member; None where the clock has ended it."""
    began = time.monotonic()
    rounds = replace(search.rounds(deadline, parameters), checkpoint=checkpoint, checkpoint_seconds=CHECKPOINT_SECONDS)
    fit = search.family.fit(search.prepared(), parameters, rounds)
    return None if fit.stopped == "deadline" else KeptFit(fit.model, time.monotonic() - began)


def _identify(search: Search, parameters: Mapping[str, Parameter], rows: str) -> str:
    rules = search.rounds(None, parameters)
    settings = {"family": search.family.name, "goal": asdict(search.goal), "parameters": dict(parameters)}
    about = {"most": rules.most, "patience": rules.patience, "every": rules.every, "score": search.score.name}
    return identify_fit(rows, **settings, **about)


def _candidates(
    result: Trials, most: int, score: Score, known: Collection[int]
) -> list[tuple[int, dict[str, Parameter]]]:
    """The best complete trials besides those that are known, each configuration once."""
    complete = result.trials.loc[(result.trials["state"] == "complete") & result.trials["value"].notna()]
    ordered = complete.sort_values("value", ascending=not score.greater_is_better, kind="stable")
    seen = set(complete.loc[complete["number"].isin([*known]), "params"])
    found: list[tuple[int, dict[str, Parameter]]] = []
    for number, params in zip(ordered["number"], ordered["params"], strict=True):
        if params not in seen and len(found) < most:
            seen.add(params)
            found.append((int(number), json.loads(params)))
    return found
