"""Which features the model sees, with the score of each and the reason why one was dropped.

How features are scored lives in `scoring`, how often a choice repeats in `stability`; how features are made, in
`extraction`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.features import SelectionConfig
from ml_lifecycle.errors import DataError
from ml_lifecycle.features.scoring import CLEAR_DISTANCE, SCORERS
from ml_lifecycle.features.stability import measure_stability
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Severity, Verdict

_TABLE = "scores"
_CORRELATION_ROWS = 20_000
_KEPT_DISTANCE = 1.0  # standard deviations above the score of noise
_NAMED = 5  # so many names are listed in a sentence; the facts hold all


@dataclass(frozen=True, slots=True)
class Selection:
    """The features that are kept, and why.

    Args:
        names: Kept features in the order of the matrix.
        scores: One row per feature, strongest first: feature, source (its column), score, kept, reason, and signal
            (whether it scored where noise does not); where it was asked for, stability (the share of repetitions
            without one fold of the rows in which it is kept).
    """

    names: tuple[str, ...]
    scores: pd.DataFrame

    def to_parts(self) -> Parts:
        """Give the table, which holds the order of the matrix too."""
        place = {name: index for index, name in enumerate(self.names)}
        order = [place.get(name, -1) for name in self.scores["feature"]]
        return Parts({_TABLE: self.scores.assign(place=np.array(order, dtype=np.int64))})

    @classmethod
    def from_parts(cls, parts: Parts) -> Selection:
        """Make a selection of what `to_parts` gave."""
        table = parts.tables[_TABLE]
        kept = table.loc[table["place"] >= 0].sort_values("place")["feature"]
        return cls(tuple(kept), table.drop(columns="place"))


def select_features(
    matrix: FeatureMatrix,
    y: np.ndarray,
    kind: Kind,
    config: SelectionConfig,
    *,
    seed: int,
    groups: np.ndarray | None = None,
    sources: Mapping[str, str] | None = None,
    repeat_on: Sequence[np.ndarray] = (),
) -> Selection:
    """Choose features on the training rows: signal first, then redundancy, then the strongest k.

    At least one feature is always kept. The same rows and seed give the same choice.

    Args:
        matrix: Training rows.
        y: Their encoded targets, shape (n,).
        kind: What is fitted.
        config: How features are scored, how many are kept, and which correlation is too high.
        seed: Seed of sampling, shuffling and LightGBM.
        groups: Ranking: the query of each row as an int code, shape (n,).
        sources: The column of each feature; the feature's own name by default.
        repeat_on: Parts of the rows on which the choice is repeated to see how stable it is, masks of shape (n,).

    Raises:
        DataError: There are no rows.
    """
    if len(matrix) == 0:
        raise DataError(
            "features cannot be selected",
            expected="at least one training row",
            got="none",
            advice="check dataset.split and whether outcomes are known",
        )
    if config.method == "none":
        count = len(matrix.names)
        return _conclude(matrix, np.zeros(count), [""] * count, np.ones(count, dtype=bool), sources)
    selection = _select(matrix, y, kind, config, seed=seed, groups=groups, sources=sources)
    if not len(repeat_on):
        return selection
    shares = measure_stability(
        lambda rows: (
            _select(
                matrix.take(rows), y[rows], kind, config, seed=seed, groups=None if groups is None else groups[rows]
            ).names
        ),
        list(selection.scores["feature"]),
        repeat_on,
    )
    return Selection(selection.names, selection.scores.assign(stability=shares))


def _select(
    matrix: FeatureMatrix,
    y: np.ndarray,
    kind: Kind,
    config: SelectionConfig,
    *,
    seed: int,
    groups: np.ndarray | None,
    sources: Mapping[str, str] | None = None,
) -> Selection:
    scored = SCORERS[config.method](matrix, y, kind, seed, groups)
    # To drop a feature that helps costs more than to keep one that does not: what is a little above noise stays. That
    # the table says anything at all is claimed only of what noise does not reach.
    reasons = [
        "" if distance > _KEPT_DISTANCE else f"no signal: {distance:.1f} standard deviations from noise"
        for distance in scored.distance
    ]
    _drop_correlated(matrix, scored.found, reasons, limit=config.correlation_limit)
    _drop_beyond(scored.found, reasons, most=config.k)
    return _conclude(matrix, scored.found, reasons, scored.distance > CLEAR_DISTANCE, sources)


def judge_signal(selection: Selection) -> Verdict:
    """Judge whether anything scored above chance."""
    scores = selection.scores
    with_signal = scores.loc[scores["signal"], "feature"].tolist()
    strongest = ", ".join(scores["feature"].head(_NAMED))
    return Verdict(
        gate="enough_signal",
        passed=bool(with_signal),
        severity=Severity.WARN,
        summary=f"{len(with_signal)} of {len(scores)} features say more about the target than noise does; "
        f"strongest: {strongest}"
        if with_signal
        else f"none of {len(scores)} features says more about the target than noise does",
        facts={"features": len(scores), "with_signal": len(with_signal), "kept": list(selection.names)},
        advice="find columns that bear on the target, or more rows",
    )


def _drop_correlated(matrix: FeatureMatrix, scores: np.ndarray, reasons: list[str], *, limit: float) -> None:
    """Of two number features correlated above the limit keep the stronger; ties keep the one that comes first."""
    codes = set(matrix.categorical)
    numbers = [index for index, reason in enumerate(reasons) if not reason and index not in codes]
    numbers.sort(key=lambda index: -scores[index])
    step = max(1, len(matrix) // _CORRELATION_ROWS)
    correlation = _correlate(matrix.values[::step, numbers])  # noqa: PD011 - not a frame
    kept: list[int] = []
    for place, index in enumerate(numbers):
        rivals = [other for other in kept if correlation[place, other] > limit]
        if rivals:
            name = matrix.names[numbers[rivals[0]]]
            reasons[index] = f"correlated with {name}: {correlation[place, rivals[0]]:.4f}"
        else:
            kept.append(place)


def _correlate(values: np.ndarray) -> np.ndarray:
    """Absolute correlation of columns, missing values at the mean; 0 for a constant column."""
    numbers = values.astype(np.float64)
    known = ~np.isnan(numbers)
    means = np.where(known, numbers, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, numbers - means, 0)
    norms = np.sqrt((centred**2).sum(axis=0))
    unit = centred / np.where(norms > 0, norms, 1)
    return np.asarray(np.abs(unit.T @ unit))


def _drop_beyond(scores: np.ndarray, reasons: list[str], *, most: int | None) -> None:
    kept = sorted((index for index, reason in enumerate(reasons) if not reason), key=lambda index: -scores[index])
    for index in kept[most:] if most is not None else ():
        reasons[index] = f"not among the {most} strongest"


def _conclude(
    matrix: FeatureMatrix,
    scores: np.ndarray,
    reasons: list[str],
    signal: np.ndarray,
    sources: Mapping[str, str] | None,
) -> Selection:
    kept = np.array([not reason for reason in reasons])
    if not kept.any():
        best = int(np.argmax(scores))
        kept[best] = True
        reasons[best] = "kept although it shows no signal: a model needs one feature"
    names = np.array(matrix.names, dtype=object)
    table = pd.DataFrame(
        {
            "feature": names,
            "source": [name if sources is None else sources.get(name, name) for name in matrix.names],
            "score": scores,
            "kept": kept,
            "reason": [reason or "kept" for reason in reasons],
            "signal": signal,
        }
    ).sort_values("score", ascending=False, kind="stable", ignore_index=True)
    return Selection(tuple(names[kept]), table)
