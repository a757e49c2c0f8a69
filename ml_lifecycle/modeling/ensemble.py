"""Several of the best trials as one model, kept only where that is better beyond chance and quick enough.

How members are mixed lives in `ensemble_weights`, the mixed model in `estimators/blend`, the search that made the
trials in `tuning`. The test of the gain is handed in: it lives in `evaluation/inference/significance`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ml_lifecycle.config.modeling import EnsembleConfig, ModelingConfig
from ml_lifecycle.dataset.rows import hash_values
from ml_lifecycle.modeling.ensemble_members import Member, Trials, fit_members
from ml_lifecycle.modeling.ensemble_weights import choose_greedily, fit_stack
from ml_lifecycle.modeling.estimators import FittedModel
from ml_lifecycle.modeling.estimators.blend import Mix, blend_models
from ml_lifecycle.modeling.kept_fits import KeptFits
from ml_lifecycle.modeling.latency import ask_rows, compare_latency
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.sampling import cap_rows
from ml_lifecycle.modeling.score import Score
from ml_lifecycle.modeling.search import JUDGED_ROWS

#: Parts of the validation rows: the weights that judge one part have seen the others only.
FOLDS = 5
_COLUMNS = ("family", "trial", "score", "weight", "rounds", "seconds")

#: Whether the ensemble is better than the tuned model, beyond chance: from targets, predictions of the ensemble and of
#: the tuned model, and queries, to the verdict and its facts.
GainTest: TypeAlias = Callable[
    [np.ndarray, np.ndarray, np.ndarray, "np.ndarray | None"], tuple[bool, Mapping[str, Any]]
]


@dataclass(frozen=True, slots=True)
class EnsembleResult:
    """What came of the attempt.

    Args:
        kept: Whether the ensemble takes the place of the tuned model.
        reasons: Why, in sentences.
        model: The ensemble where it is kept, else the tuned model.
        members: One row per fitted candidate, the heaviest first: `family`, `trial` (-1 in a family that was not
            searched on), `score` (alone, on the validation rows), `weight` (share of all weights), `rounds`, `seconds`.
        metric: The name of the score.
        score: The score of the ensemble on rows that its weights have not seen; NaN where none was made.
        single_score: The score of the tuned model on the same rows.
        latency_ms: 95th percentile of the time to predict one row, in milliseconds; NaN where none was made.
        single_latency_ms: That of the tuned model.
        test: Facts of the test of the gain.
        seconds: What all of it took.
    """

    kept: bool
    reasons: tuple[str, ...]
    model: FittedModel
    members: pd.DataFrame
    metric: str
    score: float = float("nan")
    single_score: float = float("nan")
    latency_ms: float = float("nan")
    single_latency_ms: float = float("nan")
    test: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


def build_ensemble(
    train: Samples,
    valid: Samples,
    result: Trials,
    *,
    config: ModelingConfig,
    score: Score,
    is_better: GainTest,
    latency_p95_ms: float | None = None,
    groups: np.ndarray | None = None,
    kept: KeptFits | None = None,
) -> EnsembleResult:
    """Fit the best trials on the training rows, mix them, and keep the mix where it surely gains.

    The gain is judged on predictions out of fold: the validation rows are dealt into `FOLDS` parts by the hash of the
    row (its group, its query), and each part is predicted with members and weights that were chosen on the others. The
    tuned model it is compared with was chosen on all validation rows, which favours the tuned model if anything.

    Args:
        train: Training rows, as the search had them (augmented where it augments).
        valid: Validation rows.
        result: The finished search, such as `tuning.TuningResult`.
        config: Section `ensemble`; fitting the candidates may take the seconds of `search` again.
        score: The project's metric.
        is_better: The one-sided test at `config.ensemble.alpha`.
        latency_p95_ms: The most time for one row; the features' time is not in it.
        groups: Codes of validation rows that depend on each other, shape (n,); queries by default.
        kept: Where fitted members are kept, so that a killed training goes on after them.
    """
    began = time.monotonic()
    if config.ensemble.method == "none":
        return _refuse(result, score, "No ensemble is asked for.")
    part = _deal(valid, groups)
    if len(np.unique(part)) < FOLDS:
        return _refuse(result, score, f"The validation rows are too few, or in too few groups, for {FOLDS} parts.")
    members, notes = fit_members(train, valid, result, config=config, score=score, kept=kept)
    if len(members) == 1:
        return _refuse(result, score, *notes, "There is nothing to mix: no second trial was fitted.")
    mixer = _Mixer(valid, members, config.ensemble, score)
    together, alone = mixer.out_of_fold(part), members[0].predictions
    final = mixer.mix(np.ones(len(valid), dtype=bool))
    model = _put_together(members, final, result)
    better, facts = is_better(valid.y, together, alone, valid.query)
    took = compare_latency({"single": _ask(result.model, valid), "ensemble": _ask(model, valid)})
    found = EnsembleResult(
        kept=False,
        reasons=tuple(notes),
        model=model,
        members=_tabulate(members, final, valid, score),
        metric=score.name,
        score=float(score(valid.y, together, valid.query)),
        single_score=float(score(valid.y, alone, valid.query)),
        latency_ms=took["ensemble"].p95_ms,
        single_latency_ms=took["single"].p95_ms,
        test=dict(facts),
    )
    return replace(_judge(found, result, better=better, allowed=latency_p95_ms), seconds=time.monotonic() - began)


def _judge(found: EnsembleResult, result: Trials, *, better: bool, allowed: float | None) -> EnsembleResult:
    """Keep the ensemble or go back to the tuned model, and say why."""
    gain = f"{found.metric} {found.score:.6g} on rows it has not seen, {found.single_score:.6g} of the tuned model"
    said = f"The ensemble is better beyond chance: {gain}." if better else f"No gain beyond chance: {gain}."
    reasons, kept = [*found.reasons, said], better
    if found.model is result.model:
        reasons.append("On all validation rows together the tuned model alone was chosen.")
        kept = False
    if allowed is not None:
        within = found.latency_ms <= allowed
        how = "within" if within else "more than"
        reasons.append(f"95 % of single rows take up to {found.latency_ms:.3g} ms, {how} the {allowed:g} ms allowed.")
        kept = kept and within
    return replace(found, kept=kept, reasons=tuple(reasons), model=found.model if kept else result.model)


def _ask(model: FittedModel, rows: Samples) -> Callable[[], object]:
    values = rows.matrix.select(model.facts.names).values  # noqa: PD011 - a field of FeatureMatrix, not pandas
    return ask_rows(model, values)


def _deal(valid: Samples, groups: np.ndarray | None) -> np.ndarray:
    """The part that each validation row is in."""
    together = groups if groups is not None else valid.query if valid.query is not None else valid.row_ids
    return np.asarray(hash_values(pd.Series(together)) % np.uint64(FOLDS), dtype=np.intp)


class _Mixer:
    """Chooses members and weights by some of the validation rows."""

    def __init__(self, valid: Samples, members: list[Member], config: EnsembleConfig, score: Score) -> None:
        self.valid, self.config, self.score = valid, config, score
        self.goal = members[0].model.facts.goal
        self.predictions = [member.predictions for member in members]
        shown = cap_rows(valid, JUDGED_ROWS * FOLDS // (FOLDS - 1), self.goal)  # so that one part less is the limit
        self.shown = np.isin(valid.row_ids, shown.row_ids)

    def mix(self, rows: np.ndarray) -> Mix:
        """A weight for each candidate, 0 for those left out; `rows` is a mask of shape (n,)."""
        rows = rows & self.shown
        y, seen = self.valid.y[rows], [part[rows] for part in self.predictions]
        most = self.config.members
        if self.config.method == "greedy":
            query = None if self.valid.query is None else self.valid.query[rows]
            return choose_greedily(y, seen, self.score, kind=self.goal.kind, most=most, query=query)
        mix = fit_stack(y, seen[:most], kind=self.goal.kind)
        return Mix(mix.link, (*mix.weights, *(0.0 for _ in seen[most:])), mix.intercepts)

    def out_of_fold(self, part: np.ndarray) -> np.ndarray:
        """Each part of the rows predicted with what the other parts chose."""
        together = np.empty_like(self.predictions[0])
        for number in np.unique(part):
            here = part == number
            together[here] = self.mix(~here)([one[here] for one in self.predictions])
        return together


def _put_together(members: list[Member], mix: Mix, result: Trials) -> FittedModel:
    """The mix of the members that have a weight; greedy selection may have chosen one alone."""
    heavy = [place for place, weight in enumerate(mix.weights) if weight > 0]
    if not heavy or (len(heavy) == 1 and mix.link == "mean" and mix.intercepts == (0.0,)):
        return members[heavy[0]].model if heavy else result.model
    own = Mix(mix.link, tuple(mix.weights[place] for place in heavy), mix.intercepts)
    return blend_models([members[place].model for place in heavy], own, result.model.facts.goal)


def _tabulate(members: list[Member], mix: Mix, valid: Samples, score: Score) -> pd.DataFrame:
    total = sum(mix.weights) or 1.0
    rows = [
        (
            one.model.family,
            one.trial,
            float(score(valid.y, one.predictions, valid.query)),
            weight / total,
            one.model.iterations,
            one.seconds,
        )
        for one, weight in zip(members, mix.weights, strict=True)
    ]
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    return table.sort_values("weight", ascending=False, kind="stable", ignore_index=True)


def _refuse(result: Trials, score: Score, *reasons: str) -> EnsembleResult:
    members = pd.DataFrame(columns=list(_COLUMNS))
    return EnsembleResult(kept=False, reasons=reasons, model=result.model, members=members, metric=score.name)
