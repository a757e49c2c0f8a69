"""How candidate and champion stand on what is new and on what was: the two gates that guard a retraining.

Which rows are new or old, and which of them neither model has learnt from, is found in `held_out`. Who is better is
decided in `champion`, on the newest rows where they are enough. That a candidate learns the new world is what it is
for; what these gates ask is whether it has forgotten the old one for nothing, and whether the new outcomes can be
believed at all: labels that are wrong all over make any model that learns them look better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from math import isnan, nan

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.evaluation.comparison.agreement import Agreement, agree
from ml_lifecycle.evaluation.inference.quick_intervals import jackknife_interval
from ml_lifecycle.evaluation.inference.significance import PairedDifference, paired_bootstrap
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.verdict import Severity, Verdict

#: The parts of the rows, by what is asked of them; see `HeldOut`.
NEWEST, FAIR, OLD, UNSEEN, TESTED = "newest", "fair", "old", "unseen", "tested"


@dataclass(frozen=True, slots=True)
class Part:
    """Rows with what both models say of them.

    Args:
        y: Encoded targets, shape (n,).
        champion: The champion's predictions, shape (n,) or (n, k).
        candidate: The candidate's; None where it has learnt from some of the rows.
        query: Query of each row, shape (n,); ranking only.
        groups: Group of each row where rows are not independent, shape (n,).
    """

    y: np.ndarray
    champion: np.ndarray
    candidate: np.ndarray | None = None
    query: np.ndarray | None = None
    groups: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the models stand on a part of the rows; None where that cannot be said.

    Args:
        part: Which rows.
        rows: How many.
        champion: The champion's metric, with the ends of its interval.
        champion_low: Lower end.
        champion_high: Upper end.
        candidate: The candidate's metric.
        difference: By how much the candidate is better; positive is better.
        low: Lower end of its two-sided interval at `1 - 2 alpha`.
        high: Upper end.
        decides: Whether these rows decide about the promotion.
    """

    part: str
    rows: int
    champion: float | None
    champion_low: float | None
    champion_high: float | None
    candidate: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    decides: bool = False


@dataclass(frozen=True, slots=True)
class OldAndNew:
    """What candidate and champion are on new and on old rows.

    Args:
        standings: One for each part that has rows.
        changed: Whether the champion is surely worse on what has come since it was made than on its test rows.
        then: How far the champion's order agreed with the outcomes of its test rows; None where there are none.
        now: The same of the rows that have come since.
    """

    standings: tuple[Standing, ...]
    changed: bool
    then: Agreement | None
    now: Agreement | None

    def of(self, part: str) -> Standing | None:
        """The standing on one part; None where it has no rows."""
        return next((item for item in self.standings if item.part == part), None)


def compare_old_and_new(
    parts: Mapping[str, Part], *, kind: Kind, metric: Metric, config: EvaluationConfig, decides: str, seed: int = 0
) -> OldAndNew:
    """Compare the models on every part of the rows.

    Args:
        parts: The parts that have rows, by name.
        kind: The kind of problem.
        metric: What counts, with its threshold.
        config: Resamples, confidence, alpha.
        decides: The part that decides about the promotion.
        seed: Seed of the draws.
    """
    standings = tuple(
        _stand(name, part, metric, config, decides=name == decides, seed=seed) for name, part in parts.items()
    )
    asked = {name: parts[name] for name in (TESTED, UNSEEN) if name in parts}
    agreed = {name: agree(kind, part.y, part.champion, part.query, part.groups) for name, part in asked.items()}
    by_name = {item.part: item for item in standings}
    return OldAndNew(
        standings,
        changed=_is_worse(by_name.get(UNSEEN), by_name.get(TESTED), metric),
        then=agreed.get(TESTED),
        now=agreed.get(UNSEEN),
    )


def judge_holds_on_old_test(found: OldAndNew | None, config: EvaluationConfig) -> Verdict:
    """The candidate is not surely worse than the champion on the champion's test rows beyond the tolerance.

    It stops a promotion as long as the world is as it was. Where the champion itself is surely worse on what is new
    than it was on these rows, they say how the world was: a model of today may be worse there, and it only warns.
    """
    gate, tolerance = "holds_on_old_test", config.comparison.old_test_tolerance
    standing = None if found is None else found.of(OLD)
    if found is None or standing is None or standing.high is None or standing.champion is None:
        return Verdict(gate, passed=True, summary="Not judged: there are no old test rows that both are new to.")
    allowed = tolerance * abs(standing.champion)
    passed = not standing.high < -allowed
    changed = " The world has changed since, so that this warns and does not stop." if found.changed else ""
    return Verdict(
        gate,
        passed=passed,
        summary=f"On {standing.rows:,} old test rows the candidate has {standing.candidate:.4g}, the champion "
        f"{standing.champion:.4g}: better by {standing.difference:.3g}, at most {standing.high:.3g}; a loss of "
        f"{allowed:.3g} is allowed.{'' if passed else changed}",
        severity=Severity.WARN if found.changed else Severity.ERROR,
        facts={"standing": asdict(standing), "tolerance": tolerance, "world_changed": found.changed},
        advice="look at the labels of the new rows first; where the old rows no longer matter, raise "
        "evaluation.comparison.old_test_tolerance",
    )


def judge_labels_plausible(found: OldAndNew | None, config: EvaluationConfig) -> Verdict:
    """The new outcomes are not the opposite of what the champion says, surely.

    A world that changes makes a model worse, down to knowing nothing. That it says the opposite of the truth, and as
    surely as it said the truth before, hardly happens by itself; wrong codes, swapped columns and poisoned labels do
    it, and a model that learns from them would beat the champion on them.
    """
    gate, share = "labels_plausible", config.comparison.inversion
    then, now = (None, None) if found is None else (found.then, found.now)
    if share is None or then is None or now is None or isnan(then.value) or isnan(now.value):
        return Verdict(gate, passed=True, summary="Not judged: there are no rows that are new to the champion.")
    limit, high = -share * max(then.value, 0.0), now.highest(config.comparison.alpha)
    passed = not (high < limit and now.units >= config.comparison.newest_rows)
    return Verdict(
        gate,
        passed=passed,
        summary=f"The champion's order agrees with {now.units:,} new outcomes by {now.value:.3f}, at most {high:.3f}; "
        f"with its test rows it agreed by {then.value:.3f}, and below {limit:.3f} labels are taken for inverted.",
        facts={"now": now.value, "at_most": high, "then": then.value, "limit": limit, "rows": now.units},
        advice="check where the new outcomes come from (codes, joins, who may write them); where the world has truly "
        "turned round, set evaluation.comparison.inversion to null and retrain",
    )


def _stand(name: str, part: Part, metric: Metric, config: EvaluationConfig, *, decides: bool, seed: int) -> Standing:
    champion = jackknife_interval(
        metric, part.y, part.champion, query=part.query, groups=part.groups, confidence=config.confidence
    )
    value, champion_low, champion_high = (_known(item) for item in (champion.value, champion.low, champion.high))
    alone = Standing(name, len(part.y), value, champion_low, champion_high, decides=decides)
    if part.candidate is None:
        return alone
    pair = _pair(part, metric, config, seed)
    candidate, difference, low, high = (_known(item) for item in (pair.a, pair.difference, pair.low, pair.high))
    return replace(alone, candidate=candidate, difference=difference, low=low, high=high)


def _pair(part: Part, metric: Metric, config: EvaluationConfig, seed: int) -> PairedDifference:
    assert part.candidate is not None  # noqa: S101 - the caller looked
    return paired_bootstrap(
        metric,
        part.y,
        part.candidate,
        part.champion,
        query=part.query,
        groups=part.groups,
        resamples=config.bootstrap,
        confidence=1 - 2 * config.comparison.alpha,
        seed=seed,
    )


def _is_worse(now: Standing | None, then: Standing | None, metric: Metric) -> bool:
    """Whether intervals do not even touch, which is stricter than a test of the difference."""
    if now is None or then is None:
        return False
    best = now.champion_high if metric.greater_is_better else now.champion_low
    worst = then.champion_low if metric.greater_is_better else then.champion_high
    best, worst = nan if best is None else best, nan if worst is None else worst
    return metric.sign * best < metric.sign * worst


def _known(value: float) -> float | None:
    return None if isnan(value) else float(value)
