"""What to try next, by stated rules over what was measured. Each suggestion names the figure that speaks for it.

A rule is a function that says something or nothing; what it reads is gathered in `improvement`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from ml_lifecycle.config.improvement import ImprovementConfig
from ml_lifecycle.evaluation.comparison.old_and_new import NEWEST, TESTED, UNSEEN, Standing
from ml_lifecycle.evaluation.metrics import get_metric
from ml_lifecycle.verdict import Verdict

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.improvement import Measured

#: A suggestion: what to try, and because of which figure.
Suggestion = tuple[str, str]
Rule = Callable[["Measured", Sequence[tuple[object, ...]], ImprovementConfig], Iterator[Suggestion]]


def suggest(
    measured: Measured, features: Sequence[tuple[object, ...]], config: ImprovementConfig
) -> list[tuple[object, ...]]:
    """Everything that the rules suggest, in the order of the rules: what, because of what, by which rule.

    Args:
        measured: What was measured.
        features: Drifting features as the report lists them.
        config: What counts as near a limit.
    """
    return [(*said, name) for name, rule in RULES.items() for said in rule(measured, features, config)]


def _labels(
    measured: Measured, _features: Sequence[tuple[object, ...]], _config: ImprovementConfig
) -> Iterator[Suggestion]:
    verdict = measured.verdicts.get("model_comparison.labels_plausible")
    if verdict is not None and not verdict.passed:
        yield "find out where the new outcomes come from before anything learns from them", verdict.summary


def _more_rows(
    measured: Measured, _features: Sequence[tuple[object, ...]], _config: ImprovementConfig
) -> Iterator[Suggestion]:
    """The curve rises where its last doubling gained more than the interval of what it gained it on."""
    curve = None if measured.evaluation is None else measured.evaluation.tables.get("learning_curve")
    if measured.evaluation is None or curve is None or len(curve) < 2:  # noqa: PLR2004 - a step has two ends
        return
    sign = get_metric(measured.evaluation.metric).sign
    before, last = curve.iloc[-2], curve.iloc[-1]
    gain, least = sign * (last["value"] - before["value"]), (last["high"] - last["low"]) / 2
    law = sign * (last["law"] - before["law"])
    if pd.notna(gain) and gain > 0 and law > 0 and gain > least:
        yield (
            "gather more rows: the learning curve still rises",
            f"the last step to {last['rows']:.0f} rows gained {gain:.3g}, the interval reaches {least:.3g} each way",
        )


def _wait_for_labels(
    measured: Measured, _features: Sequence[tuple[object, ...]], _config: ImprovementConfig
) -> Iterator[Suggestion]:
    compared = measured.comparison
    said = None if compared is None else compared.recommendation
    if compared is None or said is None or compared.decision != "keep" or said.rows_needed is None:
        return
    if said.rows_needed > compared.rows:
        yield (
            f"wait for about {said.rows_needed:,} labelled rows that neither model has seen, then compare again",
            f"{compared.rows:,} rows leave it open: {said.summary}",
        )


def _shorter_window(
    measured: Measured, _features: Sequence[tuple[object, ...]], _config: ImprovementConfig
) -> Iterator[Suggestion]:
    """The champion has become worse, and a candidate that learnt old and new rows alike is not surely better."""
    compared = measured.comparison
    if compared is None or compared.decision != "keep":
        return
    parts = {item.part: item for item in compared.standings}
    now, then, newest = parts.get(UNSEEN), parts.get(TESTED), parts.get(NEWEST)
    if newest is not None and _fell(now, then, get_metric(compared.metric).sign):
        yield (
            "train on a shorter stretch of time: leave out rows from before the change (dataset.sources)",
            f"the champion had {_value(then)}, on new rows {_value(now)}; the candidate {newest.candidate or 0:.4g}",
        )


def _fell(now: Standing | None, then: Standing | None, sign: int) -> bool:
    ends = None if now is None or then is None else (now.champion_high, now.champion_low, then.champion_low)
    if ends is None or None in ends or then is None or then.champion_high is None:
        return False
    high, low, was_low = (float(end or 0) for end in ends)
    return high < was_low if sign > 0 else low > then.champion_high


def _value(standing: Standing | None) -> str:
    return "nothing" if standing is None or standing.champion is None else f"{standing.champion:.4g}"


def _quarantine(
    measured: Measured, _features: Sequence[tuple[object, ...]], config: ImprovementConfig
) -> Iterator[Suggestion]:
    facts = _facts(measured.verdicts.get("validated_data.quarantine_share"))
    share, limit = facts.get("share"), facts.get("limit")
    if isinstance(share, float) and isinstance(limit, float) and limit > 0 and share >= config.near * limit:
        yield (
            "correct or widen what sends rows to quarantine",
            f"{share:.2%} of the rows are there, allowed are {limit:.2%}",
        )


def _calibrate(
    measured: Measured, _features: Sequence[tuple[object, ...]], _config: ImprovementConfig
) -> Iterator[Suggestion]:
    verdict = measured.verdicts.get("evaluation.calibrated")
    facts = _facts(verdict)
    low, limit = facts.get("low"), facts.get("limit")
    reaches = isinstance(low, float) and isinstance(limit, float) and low > 0 and float(str(facts.get("error"))) > limit
    if verdict is not None and (reaches or not verdict.passed):
        yield "calibrate: modeling.calibration isotonic (many validation rows) or sigmoid (few)", verdict.summary


def _unstable(
    measured: Measured, features: Sequence[tuple[object, ...]], config: ImprovementConfig
) -> Iterator[Suggestion]:
    """A feature that drifts in most windows costs little to drop where the model hardly leans on it."""
    weights = _importance(measured)
    for name, drifted, windows, *_ in features[: config.shown]:
        if int(str(drifted)) * 2 <= int(str(windows)):
            continue
        share = weights.get(str(name))
        said = f"it has drifted in {drifted} of {windows} windows"
        if share is None:
            yield f"replace {name} by a steadier form (a ratio, a rank, a difference)", said
        elif share * len(weights) < 1:
            yield f"drop {name}", f"{said}, and its share of the importance is only {share:.1%}"
        else:
            yield (
                f"replace {name} by a steadier form (a ratio, a rank, a difference)",
                f"{said}; importance {share:.1%}",
            )


def _importance(measured: Measured) -> dict[str, float]:
    """The share of each column in the loss that permuting costs; empty where nothing was measured."""
    table = None if measured.evaluation is None else measured.evaluation.importance
    if table is None or not {"feature", "loss"} <= set(table.columns):
        return {}
    values = table.set_index("feature")["loss"].dropna().clip(lower=0)
    total = float(values.sum())
    return {str(name): float(value) / total for name, value in values.items()} if total > 0 else {}


def _weak_slice(
    measured: Measured, _features: Sequence[tuple[object, ...]], _config: ImprovementConfig
) -> Iterator[Suggestion]:
    verdict = measured.verdicts.get("evaluation.slices_hold")
    if verdict is not None and not verdict.passed:
        yield "gather more rows of the worst slice, or a feature that explains it", verdict.summary


def _fairness(
    measured: Measured, _features: Sequence[tuple[object, ...]], _config: ImprovementConfig
) -> Iterator[Suggestion]:
    verdict = measured.verdicts.get("evaluation.fair")
    if verdict is not None and not verdict.passed:
        yield "set evaluation.fairness.mitigation, or look at what stands in for the sensitive column", verdict.summary


def _late_labels(
    measured: Measured, _features: Sequence[tuple[object, ...]], config: ImprovementConfig
) -> Iterator[Suggestion]:
    table = measured.performance
    if table is None or "status" not in table.columns or not len(table):
        return
    last = table[table["window"].isin(sorted(table["window"].unique())[-config.windows :])]
    judged, measured_windows = len(last), int((last["status"] == "measured").sum())
    if judged and measured_windows * 2 < judged:
        yield "get outcomes sooner, or of a sample", f"only {measured_windows} of {judged} windows had outcomes enough"


def _facts(verdict: Verdict | None) -> dict[str, object]:
    """The facts of a verdict, whole numbers as decimals."""
    if verdict is None:
        return {}
    plain = {name: isinstance(fact, int) and not isinstance(fact, bool) for name, fact in verdict.facts.items()}
    return {name: float(str(fact)) if plain[name] else fact for name, fact in verdict.facts.items()}


#: The rules by name, in the order in which they are told: what may be wrong with the data comes first.
RULES: dict[str, Rule] = {
    "labels_inverted": _labels,
    "quarantine_near_limit": _quarantine,
    "curve_rises": _more_rows,
    "comparison_open": _wait_for_labels,
    "world_changed": _shorter_window,
    "feature_unstable": _unstable,
    "slice_weak": _weak_slice,
    "miscalibrated": _calibrate,
    "unfair": _fairness,
    "outcomes_late": _late_labels,
}
