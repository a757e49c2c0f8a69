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
    notes = ["", *comparison.notes] if comparison.notes else []
    parts = [*_table_of_standings(comparison), *_table_of_tests(comparison.tests), *_table_of_costs(comparison)]
    return "\n".join([*head, *table, *parts, *notes])


#: What the parts of the rows are called for people.
_PARTS = {
    "newest": "newest test rows, new to both",
    "fair": "test rows, new to both",
    "old": "champion's test rows, new to both",
    "unseen": "all that has come since the champion was made",
    "tested": "all test rows of the champion",
}


def _table_of_standings(comparison: Comparison) -> list[str]:
    """How both are on new and on old rows; the candidate's side stays empty where it has learnt from some of them."""
    if not comparison.standings:
        return []
    lines = [
        f"| {_PARTS.get(item.part, item.part)}{' (decide)' if item.decides else ''} | {item.rows:,} | "
        f"{_shown(item.champion)} ({_shown(item.champion_low)} to {_shown(item.champion_high)}) | "
        f"{_shown(item.candidate)} | {_shown(item.difference)} | {_shown(item.low)} | {_shown(item.high)} |"
        for item in comparison.standings
    ]
    return [
        "",
        "| rows | number | champion | candidate | better by | at least | at most |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *lines,
    ]


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
