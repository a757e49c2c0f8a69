"""How many rows a comparison needs, and what the search will take, from what the prototype was measured to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.evaluation.inference.power import rows_needed


@dataclass(frozen=True, slots=True)
class SampleSizes:
    """Rows with known outcomes that a smallest gain worth having is found on.

    Args:
        gain: That gain, in units of the primary metric.
        alpha: Chance of promoting what is not better.
        power: Chance of finding a gain of that size.
        paired: Test rows, where both models are judged on the same ones; None where nothing can be said.
        per_arm: Rows of each arm of an A/B test, where each model answers its own; None likewise.
    """

    gain: float
    alpha: float
    power: float
    paired: int | None
    per_arm: int | None


@dataclass(frozen=True, slots=True)
class Resources:
    """What the search will take.

    Args:
        fit_seconds: One fit of the prototype, brought up to all training rows.
        trials: Planned trials, times the folds where trials are judged on them.
        search_seconds: Trials times seconds, or the limit of the YAML where that comes first.
        memory_mib: Peak of the process in the study.
        cost: Core-hours times their price.
    """

    fit_seconds: float
    trials: int
    search_seconds: float
    memory_mib: float
    cost: float


def plan_sizes(evidence: Mapping[str, Any], project: ProjectConfig) -> SampleSizes:
    """Plan the rows of the comparison and of the A/B test.

    Two models of the kind of the prototype are compared. On the same rows the error of their difference was measured;
    in two arms it is the root of two times that of one model on the rows of an arm. Errors fall with the root of rows.

    Args:
        evidence: Of the feasibility study: `pair_error`, `estimate`, `judged`, `gain`.
        project: Names alpha, the margin and the power.
    """
    config, comparison = project.discovery.plan, project.evaluation.comparison
    gain = comparison.margin or config.gain_share * max(_number(evidence["gain"]["value"]), 0.0)
    judged = int(evidence["judged"])
    given = {"alpha": comparison.alpha, "power": config.power}
    return SampleSizes(
        gain=gain,
        **given,
        paired=rows_needed(_number(evidence["pair_error"]), judged, gain, **given),
        per_arm=rows_needed(sqrt(2) * _number(evidence["estimate"]["error"]), judged, gain, **given),
    )


def plan_resources(evidence: Mapping[str, Any], project: ProjectConfig) -> Resources:
    """Bring the measured seconds of a fit up to all rows and all trials.

    Args:
        evidence: Of the feasibility study: `seconds`, `rows`, `looked_at`, `memory_mib`.
        project: Names the trials, the seconds and the price of a core-hour.
    """
    search = project.modeling.search
    fit = _number(evidence["seconds"]) * evidence["rows"] / max(evidence["looked_at"], 1)
    repeats = project.dataset.split.folds.n if search.validation == "folds" else 1
    trials = search.trials * repeats
    seconds = min(fit * trials, search.seconds)
    return Resources(
        fit_seconds=fit,
        trials=trials,
        search_seconds=seconds,
        memory_mib=_number(evidence["memory_mib"]),
        cost=seconds / 3600 * project.modeling.price_per_core_hour,
    )


def _number(value: float | None) -> float:
    """Records hold None where a figure is not known."""
    return float("nan") if value is None else float(value)
