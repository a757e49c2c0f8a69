"""A comparison in Markdown, for the UI and the command. What it says is decided in `champion`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from ml_lifecycle.evaluation.inference.paired_tests import PairedTest

if TYPE_CHECKING:
    from ml_lifecycle.evaluation.comparison.champion import Comparison


def describe_comparison(comparison: Comparison) -> str:
    """The decision with its reasons, the recommendation, and tables of the figures, the tests and the costs."""
    shown = {
        f"candidate's {comparison.metric}": comparison.candidate_value,
        f"champion's {comparison.metric}": comparison.champion_value,
        "better by": comparison.difference,
        f"at least ({1 - comparison.alpha:.0%} sure)": comparison.low,
        f"at most ({1 - comparison.alpha:.0%} sure)": comparison.high,
        "p": comparison.p_value,
        "must be better by more than": comparison.margin,
    }
    lines = [f"| {name} | {value:.5g} |" for name, value in shown.items() if value is not None]
    head = [f"**{comparison.decision}**: {comparison.summary}", ""]
    if comparison.recommendation is not None:
        head += [f"Recommendation: **{comparison.recommendation.action}**. {comparison.recommendation.summary}", ""]
    table = [f"| {comparison.rows:,} rows | |", "| --- | ---: |", *lines]
    return "\n".join([*head, *table, *_table_of_tests(comparison.tests), *_table_of_costs(comparison)])


def _table_of_tests(tests: Sequence[PairedTest]) -> list[str]:
    if not tests:
        return []
    lines = [
        f"| {test.test}{' (decides)' if test.decides else ''} | {test.metric} | {_shown(test.difference)} "
        f"| {_shown(test.low)} | {_shown(test.high)} | {_shown(test.p_value)} |"
        for test in tests
    ]
    return [
        "",
        "| test | metric | better by | at least | at most | p |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
        *lines,
    ]


def _table_of_costs(comparison: Comparison) -> list[str]:
    ours, theirs = comparison.footprint, comparison.champion_footprint
    if ours is None and theirs is None:
        return []
    costs = [{} if each is None else asdict(each) for each in (ours, theirs)]
    lines = [
        f"| {name} | {_shown(costs[0].get(name))} | {_shown(costs[1].get(name))} |" for name in costs[0] or costs[1]
    ]
    return ["", "| cost | candidate | champion |", "| --- | ---: | ---: |", *lines]


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
