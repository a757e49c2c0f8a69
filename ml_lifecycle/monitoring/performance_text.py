"""A `PerformanceReport` in words: one sentence, and a page of Markdown."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.performance_report import PerformanceReport

#: Rows of each table that are shown.
_SHOWN = 10


def sentence_of(report: PerformanceReport) -> str:
    """What is said of the primary metric."""
    if not report.judged:
        return f"not judged: {report.reason}"
    word = "lost" if report.lost else "kept"
    return (
        f"{report.metric} {report.value:.4f} ({report.low:.4f} to {report.high:.4f}, {report.status}) against "
        f"{report.reference:.4f} on the test split, tolerated {report.tolerated:.4f}: {word}; {report.reason}"
    )


def concept_sentence(report: PerformanceReport) -> str:
    """What is said of the concept."""
    if not report.blocks:
        return "not judged: no losses to look at"
    if not report.concept_drift:
        return "the loss of labelled rows is what their inputs let expect"
    return f"the loss of labelled rows has risen beyond what their inputs let expect: {report.detectors}"


def slices_sentence(report: PerformanceReport) -> str:
    """What is said of slices and of sensitive groups."""
    if report.slices.empty and report.gaps.empty:
        return f"not judged: {report.aside or 'no slice with outcomes enough'}"
    worst = report.slices.iloc[0] if report.slices_lost else None
    named = "" if worst is None else f", the worst {worst['slice']} at {worst['value']:.4f}"
    told = f"{report.slices_lost} of {len(report.slices)} slices are surely worse than tolerated{named}"
    return told if report.gaps.empty else f"{told}; {report.gaps_beyond} gaps between sensitive groups beyond limits"


def brief_of(report: PerformanceReport) -> str:
    """What is said of the primary metric, of the concept and of slices."""
    told = (f"Concept: {concept_sentence(report)}.", f"Slices: {slices_sentence(report)}.", report.aside)
    return "\n\n".join([sentence_of(report), *filter(None, told)])


def markdown_of(report: PerformanceReport) -> str:
    """The report for people."""
    lines = [sentence_of(report), "", "| | value |", "|---|--:|"]
    if report.judged:
        lines.append(
            f"| {report.metric}, {report.status} | {report.value:.4f} ({report.low:.4f} to {report.high:.4f}) |"
        )
    if report.estimate_held is not None:
        ends = f"{report.estimate:.4f} ({report.estimate_low:.4f} to {report.estimate_high:.4f})"
        lines.append(f"| the same as it would have been estimated | {ends} |")
    lines += [
        f"| {report.metric} on the test split | {report.reference:.4f} |",
        f"| tolerated | {report.tolerated:.4f} |",
        f"| predictions | {report.rows} |",
        f"| with known outcome | {report.labelled} |",
    ]
    if not isnan(report.loss):
        lines.append(f"| mean {report.loss_name} (at training) | {report.loss:.4f} ({report.loss_reference:.4f}) |")
    lines += [_metric_line(report, name) for name in report.metrics if name != report.metric]
    lines += ["", f"Concept: {concept_sentence(report)}."]
    for title, frame in _tables(report).items():
        lines += ["", f"**{title}**", "", _table(frame)]
    return "\n".join([*lines, "", report.aside] if report.aside else lines)


def _metric_line(report: PerformanceReport, name: str) -> str:
    found = report.intervals.get(name)
    ends = "" if found is None or isnan(found.low) else f" ({found.low:.4f} to {found.high:.4f})"
    return f"| {name} | {report.metrics[name]:.4f}{ends} |"


def _tables(report: PerformanceReport) -> dict[str, pd.DataFrame]:
    named = {
        "What moved, and what of the change of the loss it explains": report.attribution,
        "Slices against themselves on the test split": report.slices,
        "Sensitive groups": report.gaps,
    }
    return {title: frame.head(_SHOWN) for title, frame in named.items() if len(frame)}


def _table(frame: pd.DataFrame) -> str:
    head = ["| " + " | ".join(map(str, frame.columns)) + " |", "|" + "---|" * len(frame.columns)]
    rows = ["| " + " | ".join(map(_cell, row)) + " |" for row in frame.itertuples(index=False, name=None)]
    return "\n".join(head + rows)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if isnan(value) else f"{value:.4g}"
    return str(value).replace("|", "\\|")
