"""The gates that judge a trained model by itself: better than the floor, reproducible, nothing from nothing.

Those of the evaluation live in `gates`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256
from math import isclose, isnan

import numpy as np

from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.evaluation.inference.intervals import Interval, bootstrap_interval
from ml_lifecycle.evaluation.inference.significance import paired_bootstrap
from ml_lifecycle.evaluation.measures.chance import chance_score
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.evaluation.plain import plain
from ml_lifecycle.evaluation.sanity import Finding, OrderProbe, SmallBatch, find_batch, find_order
from ml_lifecycle.verdict import Fact, Verdict

#: What to do about the part of the sanity gate that failed.
_SANITY_ADVICE = {
    "shuffled": "look for rows that are in train and validation both, for groups that both share, and for features "
    "that were fitted with the target",
    "batch": "look for targets that do not belong to their rows, for features that are all the same, and for a fit "
    "that ends before it learns",
    "order": "look for a step of the features or of the model that reads other rows of the same request, such as a "
    "scaling by the request's own mean",
}


def judge_beats_baseline(
    metric: Metric,
    y: np.ndarray,
    p_model: np.ndarray,
    p_baseline: np.ndarray,
    *,
    config: EvaluationConfig,
    margin: float = 0.0,
    query: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    seed: int = 0,
) -> Verdict:
    """The model is better than the best baseline by more than the margin, with confidence, on the same rows.

    Args:
        metric: The primary metric.
        y: Encoded targets of rows that neither was fitted on, shape (n,).
        p_model: The model's predictions, shape (n,) or (n, k).
        p_baseline: The baseline's, same shape.
        config: Resamples, threshold and `comparison.alpha`, the chance of passing a model that is not better.
        margin: By how much it must be better.
        query: Query of each row, shape (n,); ranking only.
        groups: Group of each row where rows are not independent, shape (n,).
        seed: Seed of the draws.
    """
    alpha = config.comparison.alpha
    found = paired_bootstrap(
        metric.at(config.threshold),
        y,
        p_model,
        p_baseline,
        query=query,
        groups=groups,
        resamples=config.bootstrap,
        confidence=1 - 2 * alpha,
        seed=seed,
    )
    return Verdict(
        gate="beats_baseline",
        passed=found.low > margin,
        summary=f"{metric.name} is {found.a:.4g}, the best baseline's {found.b:.4g}: better by at least "
        f"{found.low:.3g} with {1 - alpha:.0%} confidence, asked is more than {margin:g}.",
        facts={
            "metric": metric.name,
            "model": plain(found.a),
            "baseline": plain(found.b),
            "better_by": plain(found.difference),
            "at_least": plain(found.low),
            "p_value": plain(found.p_value),
            "margin": margin,
            "rows": len(y),
        },
        advice="ship the baseline, or look for features that carry more; a longer search seldom helps here",
    )


def judge_reproducible(bytes_a: bytes, bytes_b: bytes) -> Verdict:
    """Two fits of the same gave the same model, byte by byte."""
    same = bytes_a == bytes_b and len(bytes_a) > 0
    place = _first_difference(bytes_a, bytes_b)
    hashes = [sha256(part).hexdigest() for part in (bytes_a, bytes_b)]
    said = "are the same to the byte" if same else f"differ from byte {place} on"
    return Verdict(
        gate="reproducible",
        passed=same,
        summary=f"Two fits on the same data {said} ({len(bytes_a):,} and {len(bytes_b):,} bytes)."
        if bytes_a
        else "There is no model to compare: the first fit gave no bytes.",
        facts={"sha256": list(hashes), "bytes": [len(bytes_a), len(bytes_b)], "first_difference": place},
        advice="fix the seed and modeling.threads, and look for a parameter that makes training depend on time "
        "or order",
    )


def judge_sanity(
    metric: Metric,
    y: np.ndarray,
    shuffled: np.ndarray | Sequence[np.ndarray],
    *,
    config: EvaluationConfig,
    p_model: np.ndarray | None = None,
    query: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    seed: int = 0,
    batch: SmallBatch | None = None,
    order: OrderProbe | None = None,
) -> Verdict:
    """Nothing comes from nothing, a few rows can be learnt by heart, and a row's answer does not depend on others.

    A model that learnt from shuffled labels has learnt nothing about the target, but it still is some function of the
    features, and with one strong feature that function may agree with the target by luck, as often as it may disagree.
    So several shuffles are better than one, and the gate fails only where every one of them is surely beyond the bar.
    The bar is chance, or, where the true model's predictions are given, the middle between chance and the true model.

    Args:
        metric: The primary metric.
        y: True encoded targets of the judged rows, shape (n,).
        shuffled: Predictions of one or several models that were fitted on shuffled labels.
        config: Resamples, threshold and confidence.
        p_model: The true model's predictions.
        query: Query of each row, shape (n,); ranking only.
        groups: Group of each row where rows are not independent, shape (n,).
        seed: Seed of the draws.
        batch: What `sanity.fit_small_batch` gave; not judged without it.
        order: What `sanity.probe_order` gave; not judged without it.
    """
    metric = metric.at(config.threshold)
    reached = None if p_model is None else metric(y, p_model, query)
    found: list[dict[str, Fact]] = []
    interval_of = partial(
        bootstrap_interval,
        query=query,
        groups=groups,
        resamples=config.bootstrap,
        confidence=config.confidence,
        seed=seed,
    )
    for p in [shuffled] if isinstance(shuffled, np.ndarray) else shuffled:
        chance = chance_score(metric, y, p, query=query, seed=seed)
        found.append(_against_chance(metric, interval_of(metric, y, p), chance, reached))
    parts = {
        "shuffled": _judge_shuffled(metric, found),
        **({} if batch is None else {"batch": find_batch(metric, batch)}),
        **({} if order is None else {"order": find_order(order)}),
    }
    facts: dict[str, Fact] = {"metric": metric.name, "fits": list(found), "model": plain(reached), "rows": len(y)}
    return _join_findings(parts, facts)


def _join_findings(parts: Mapping[str, Finding], facts: Mapping[str, Fact]) -> Verdict:
    failed = [name for name, part in parts.items() if not part.holds]
    of_parts = {name: part.facts for name, part in parts.items() if part.facts}
    return Verdict(
        gate="sanity",
        passed=not failed,
        summary=f"{'; '.join(parts[name].said for name in failed or parts)}.",
        facts={**facts, **of_parts, "failed": list(failed)},
        advice="; ".join(_SANITY_ADVICE[name] for name in failed or ["shuffled"]),
    )


def _judge_shuffled(metric: Metric, found: Sequence[Mapping[str, Fact]]) -> Finding:
    holds = not all(bool(item["beyond"]) for item in found)
    shown = found[0] if len(found) == 1 else next((item for item in found if not item["beyond"]), found[0])
    return Finding(
        holds,
        f"Fitted on shuffled labels, {metric.name} is {shown['value']:.4g} [{shown['low']:.4g}, {shown['high']:.4g}]; "
        f"chance is {shown['chance']:.4g}"
        + ("" if holds else ": a model that learnt nothing scores beyond it, so the evaluation leaks"),
        {},
    )


def judge_logged(logged: Mapping[str, float], found: Mapping[str, float]) -> Verdict:
    """Every score that was logged is found again where it was logged to.

    Args:
        logged: Scores by name as they were sent.
        found: Scores by name as the tracking server gives them.
    """
    missing = sorted(name for name in logged if name not in found)
    other = sorted(name for name in logged if name in found and not _same(logged[name], found[name]))
    facts: dict[str, Fact] = {"logged": len(logged), "missing": list(missing), "different": list(other)}
    return Verdict(
        gate="logged",
        passed=bool(logged) and not missing and not other,
        summary=f"{len(logged) - len(missing) - len(other)} of {len(logged)} baseline scores are found again as logged"
        + (f"; not found: {', '.join(missing)}" if missing else "")
        + (f"; different: {', '.join(other)}" if other else "")
        + ".",
        facts=facts,
        advice="see whether the tracking server can be reached and written to, and materialise the baselines again",
    )


def _first_difference(a: bytes, b: bytes) -> int | None:
    if a == b:
        return None
    shorter = min(len(a), len(b))
    differs = np.frombuffer(a, np.uint8, shorter) != np.frombuffer(b, np.uint8, shorter)
    return int(np.argmax(differs)) if differs.any() else shorter


def _against_chance(metric: Metric, interval: Interval, chance: float, reached: float | None) -> dict[str, Fact]:
    bar = chance if reached is None or metric.sign * (reached - chance) <= 0 else (chance + reached) / 2
    careful_end = interval.low if metric.greater_is_better else interval.high
    beyond = bool(metric.sign * (careful_end - bar) > 0)
    return {
        "value": interval.value,
        "low": interval.low,
        "high": interval.high,
        "chance": chance,
        "bar": bar,
        "beyond": beyond,
    }


def _same(a: float, b: float) -> bool:
    return (isnan(a) and isnan(b)) or isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
