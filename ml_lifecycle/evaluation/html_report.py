"""The page of an evaluation for people: one HTML file that needs no network. What is found lives in `report`.

Everything that comes from data (names, classes, values) is escaped; the pictures are part of the page.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from numbers import Integral, Real

import jinja2
import numpy as np
import pandas as pd

from ml_lifecycle.evaluation.metrics import get_metric
from ml_lifecycle.evaluation.report import EvaluationReport
from ml_lifecycle.verdict import Severity, Verdict

_TEMPLATE = "evaluation.html.j2"
#: Rows of a table that the page shows, and letters of a cell.
MOST_ROWS, MOST_LETTERS = 40, 200

#: What each picture shows, in words for those who do not see it.
_PICTURES: Mapping[str, tuple[str, str]] = {
    "confusion_matrix": ("Confusion matrix", "Rows of each true class by the class that was predicted."),
    "roc_curve": ("ROC curve", "True against false positive rate over all thresholds; the diagonal is chance."),
    "precision_recall_curve": ("Precision and recall", "Precision against recall; dashed: the share of positives."),
    "gain_and_lift": (
        "Cumulative gain and lift",
        "Positives found among the highest scores, and how many times more that is than at random (dashed).",
    ),
    "calibration": ("Calibration", "Observed frequency against predicted probability; the diagonal is calibrated."),
    "scores_by_class": ("Scores by class", "Distribution of the predicted probability for each true class."),
    "predicted_and_true": ("Predicted and true", "True against predicted values; the dashed line is a perfect model."),
    "residuals": ("Residuals", "Distribution of predicted minus true values, and how it runs along the prediction."),
    "residuals_over_time": ("Residuals over time", "Median and middle 80 % of predicted minus true values over time."),
    "per_query": ("Queries", "Distribution of the primary metric over queries; dashed: the mean."),
    "slices": ("Worst slices", "The primary metric in the worst slices with intervals; dashed: on the whole."),
    "importance": ("Importance", "What of the primary metric is lost when a column changes places among the rows."),
    "shap_summary": ("SHAP values", "What each feature adds to single predictions, and its mean absolute value."),
    "partial_dependence": (
        "Partial dependence",
        "Mean prediction when a column is set to each of several values; the band is the spread of single rows.",
    ),
    "learning_curve": (
        "Learning curve",
        "Score on validation rows by the number of rows learnt from, with a power law.",
    ),
}

#: The tables of the page in their order: name, title, what it says.
_TABLES: tuple[tuple[str, str, str], ...] = (
    ("slices", "Slices", "The primary metric in declared and searched slices; gap: loss against the whole as a share."),
    ("fairness_gaps", "Fairness: gaps between groups", "The pair of groups that is farthest apart."),
    ("fairness_groups", "Fairness: groups", "Each group of a sensitive column with its rates."),
    ("robustness", "Robustness", "The primary metric when the input is disturbed; drop is the loss as a share."),
    ("worst_rows", "Worst rows", "The largest losses; because: the strongest contributions to the prediction."),
    ("common_errors", "What the worst rows share", "Values that are surely more frequent among the worst rows."),
    ("confusions", "Confusions", "Which class is taken for which, most frequent first."),
    ("residual_checks", "Residuals: checks", "Bias, uneven spread and dependence in time."),
    ("residual_bias", "Residuals by predicted value", "Mean error (predicted minus true) and spread."),
    ("residual_autocorrelation", "Residuals: dependence in time", "Correlation of errors at several distances."),
    ("worst_queries", "Worst queries", "The queries that are served worst."),
    ("importance", "Importance", "Loss of the primary metric when a column is permuted, and its standard error."),
    ("shap", "SHAP values", "What features add to predictions, on average and by direction."),
    ("shap_by_class", "SHAP values by class", "What features add to the score of each class."),
    ("learning_curve", "Learning curve", "Score on validation rows by the number of rows learnt from."),
    ("partial_dependence", "Partial dependence", "Mean prediction by value of a column."),
    ("reliability", "Calibration", "Predicted and observed probability in bins of equal size."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Shown:
    """A table as the page shows it: cells as text, and which columns are numbers."""

    name: str
    title: str
    text: str
    header: list[str]
    numeric: list[bool]
    rows: list[list[str]]
    left_out: int
    note: str


def render_report(
    report: EvaluationReport,
    *,
    title: str,
    facts: Mapping[str, object],
    verdicts: Sequence[Verdict] = (),
    made: str = "",
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> str:
    """Draw an evaluation as one HTML page.

    Args:
        report: What was found out.
        title: The page's title, such as the project's name.
        facts: What stands in the head: model, version, versions of the data, code.
        verdicts: What the gates said.
        made: When the evaluation was made, as it is to be read.
        tables: Further tables by title, such as the folds of a cross-validation; they come first.
    """
    found = {
        **{name: getattr(report, name) for name in ("slices", "robustness", "importance", "reliability")},
        "fairness_gaps": report.fairness.gaps,
        "fairness_groups": report.fairness.groups,
        **report.tables,
    }
    shown = [_show(name, name, "", table) for name, table in (tables or {}).items()]
    shown += [_show(name, heading, text, found[name], report) for name, heading, text in _TABLES if name in found]
    known = {name for name, _, _ in _TABLES}
    shown += [_show(name, _as_words(name), "", table, report) for name, table in found.items() if name not in known]
    return (
        _environment()
        .get_template(_TEMPLATE)
        .render(
            title=title,
            made=made,
            report=report,
            facts={name: _cell(value) for name, value in facts.items()},
            verdicts=sorted(verdicts, key=lambda verdict: (verdict.passed, verdict.severity is not Severity.ERROR)),
            metrics=_metrics(report),
            figures=[_picture(name, report.figures[name]) for name in _in_order(report.figures)],
            tables=[table for table in shown if table.rows],
            notes=[(_as_words(name), note) for name, note in report.notes.items()],
        )
    )


def _metrics(report: EvaluationReport) -> list[dict[str, str]]:
    names = [report.metric, *(name for name in report.metrics if name != report.metric)]
    return [
        {
            "name": name,
            "value": _cell(report.metrics[name].value),
            "low": _cell(report.metrics[name].low),
            "high": _cell(report.metrics[name].high),
            "better": "higher" if get_metric(name).greater_is_better else "lower",
        }
        for name in names
    ]


def _in_order(figures: Mapping[str, bytes]) -> list[str]:
    """Names of the pictures as they are to be read, whatever order they were stored in; unknown ones last."""
    return [*(name for name in _PICTURES if name in figures), *(name for name in figures if name not in _PICTURES)]


def _picture(name: str, png: bytes) -> dict[str, str]:
    title, text = _PICTURES.get(name, (_as_words(name), _as_words(name)))
    return {"name": name, "title": title, "text": text, "source": base64.b64encode(png).decode()}


def _show(name: str, title: str, text: str, table: pd.DataFrame, report: EvaluationReport | None = None) -> _Shown:
    part = table.head(MOST_ROWS)
    columns = [part.iloc[:, place] for place in range(part.shape[1])]
    numeric = [pd.api.types.is_numeric_dtype(column) and column.dtype != bool for column in columns]
    rows = [[_cell(value) for value in row] for row in zip(*(column.tolist() for column in columns), strict=True)]
    note = "" if report is None else report.notes.get(name, "")
    header = [_as_words(str(column)) for column in part.columns]
    return _Shown(name, title, text, header, numeric, rows, len(table) - len(part), note)


def _as_words(name: str) -> str:
    return name.replace("_", " ")


def _cell(value: object) -> str:
    """A value as people read it; what is missing is empty.

    >>> _cell(0.123456), _cell(1234567), _cell(float("nan")), _cell(True)
    ('0.1235', '1,234,567', '', 'yes')
    """
    if value is None or value is pd.NaT:
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return f"{int(value):,}"
    if isinstance(value, Real):
        number = float(value)
        return "" if np.isnan(number) else f"{number:.4g}" if abs(number) < 1e5 else f"{number:,.0f}"  # noqa: PLR2004
    text = str(value)
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("ml_lifecycle.evaluation", "templates"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
