"""The page of an evaluation: complete, self-contained, and safe against what stands in the data."""

from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import EvaluationConfig, FairnessLimits
from ml_lifecycle.evaluation.html_report import MOST_ROWS, render_report
from ml_lifecycle.evaluation.report import EvaluationReport, evaluate
from ml_lifecycle.verdict import Severity, Verdict
from ml_lifecycle_tests.evaluation.problems import binary, score_frame

_VOID = {"meta", "img", "br"}


class _Reader(HTMLParser):
    """Gathers tags, and sees that they are nested as they should be."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def report() -> EvaluationReport:
    """A report on rows with a category that is markup."""
    data = binary(400)
    frame = data.frame.assign(city=data.frame["city"].replace({"b": "<script>alert(1)</script>"}))
    config = EvaluationConfig(bootstrap=50, fairness=FairnessLimits(sensitive=("sex",)))
    return evaluate(Kind.BINARY, frame, data.y, predict=score_frame, config=config, columns=["x", "city"])


def test_the_page_holds_everything(report: EvaluationReport) -> None:
    """Head, gates, metrics, every picture and every table that has rows."""
    verdicts = [
        Verdict("robust", passed=True, summary="It holds."),
        Verdict("fair", passed=False, summary="It does not.", severity=Severity.WARN, advice="look at the groups"),
        Verdict("calibrated", passed=False, summary="It is not."),
    ]
    folds = pd.DataFrame({"fold": [1, 2], "roc_auc": [0.8, 0.81]})
    page = render_report(
        report,
        title="Loans",
        facts={"model": "loans 3", "rows learnt from": 1200},
        verdicts=verdicts,
        made="2026-11-21",
        tables={"Folds": folds},
    )
    read = _read(page)
    text = " ".join(" ".join(read.words).split())
    for words in ("loans 3", "1,200", "made 2026-11-21", "1 of 3 gates passed", "Look at the groups.", "Folds"):
        assert words in text
    assert text.index("calibrated") < text.index("It does not.") < text.index("It holds.")
    for title in ("Slices", "Fairness: groups", "Robustness", "Worst rows", "Importance", "Calibration"):
        assert title in text
    assert sum(tag == "img" for tag, _ in read.tags) == len(report.figures)


def test_the_page_needs_no_network_and_reads_aloud(report: EvaluationReport) -> None:
    """Pictures are inlined with a text in their place; nothing is loaded and nothing runs."""
    read = _read(render_report(report, title="Loans", facts={}))
    for tag, given in read.tags:
        assert tag not in {"script", "link", "iframe"}
        assert not (given.get("src") or "data:").startswith("http")
        if tag == "img":
            assert given["alt"]
            assert (given["src"] or "").startswith("data:image/png;base64,")
    assert any(tag == "meta" and given.get("name") == "viewport" for tag, given in read.tags)


def test_what_stands_in_the_data_is_escaped(report: EvaluationReport) -> None:
    """Names and values with markup in them are shown as they are."""
    bad = '<img src=x onerror="x">'
    page = render_report(
        replace(report, notes={"shap": bad}),
        title=bad,
        facts={bad: bad},
        verdicts=[Verdict(bad, passed=False, summary=bad, advice=bad)],
        tables={bad: pd.DataFrame({bad: [bad]})},
    )
    assert bad not in page
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_long_tables_are_cut_and_say_so(report: EvaluationReport) -> None:
    """The rest is counted."""
    page = render_report(report, title="Loans", facts={}, tables={"Long": pd.DataFrame({"a": range(MOST_ROWS + 5)})})
    assert "5 more rows are left out." in page
