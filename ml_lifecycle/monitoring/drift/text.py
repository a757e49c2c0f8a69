"""Sentences and tables about a drift report, in words of people."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import TYPE_CHECKING, Any, Final

from ml_lifecycle.monitoring.drift.statistics import STATISTICS

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.drift.report import DriftReport

_NAMES: Final = {
    "psi": "PSI",
    "js": "Jensen-Shannon distance",
    "chi2": "chi-square",
    "ks": "Kolmogorov-Smirnov distance",
    "wasserstein": "Wasserstein distance",
    "missing": "a share of missing values of",
    "other": "a share of unseen values of",
    "out_of_range": "a share out of range of",
    "pca_error": "a relative change of",
    "correlation": "a change of correlation of",
    "auc": "AUC",
}
_UNWATCHED: Final = {
    "feature": "no features",
    "prediction": "the model's output is not on record",
    "target": "no outcomes are known, here or at training",
    "multivariate": "the YAML, or the few rows and columns on record, leave it out",
}
_SUBJECTS: Final = {"prediction": "predictions", "target": "the target", "multivariate": "the columns' dependence"}


def describe(report: DriftReport, role: str) -> str:
    """What was found for the rows of a role, with the figure that decided."""
    rows = report.ranked[role]
    what = _SUBJECTS.get(role, f"{len(rows)} features")
    count = report.labelled if role == "target" else report.rows
    if not len(rows):
        return f"not judged: {_UNWATCHED[role]}"
    if not report.judged or count < report.min_rows:
        return f"not judged: {count} rows, at least {report.min_rows} are needed"
    figure = _figure(rows[0])
    drifted = sum(row["drifted"] for row in rows)
    if not drifted:
        return f"no drift in {what} over {count} rows; farthest: {figure}"
    return f"{drifted} of {what} drifted over {count} rows: {figure}" if role == "feature" else f"drift: {figure}"


def summarise(report: DriftReport) -> str:
    """What has drifted, in one line; the features' sentence where nothing has."""
    drifted = {
        "feature": report.drifted,
        "prediction": report.prediction_drifted,
        "target": report.target_drifted,
        "multivariate": report.multivariate_drifted,
    }
    said = [report.sentences[role] for role, flag in drifted.items() if flag]
    return "; ".join(said) or report.sentences["feature"]


def _figure(row: Mapping[str, Any]) -> str:
    """The farthest statistic of a row."""
    from ml_lifecycle.monitoring.drift.report import limit_column, value_column

    if row["statistic"] not in STATISTICS:
        statistic, value, limit = row["statistic"], row["value"], row["limit"]
    else:
        ratios = {one: row[value_column(one)] / row[limit_column(one)] for one in STATISTICS}
        statistic = max(ratios, key=lambda one: -1.0 if isnan(ratios[one]) else ratios[one])
        value, limit = row[value_column(statistic)], row[limit_column(statistic)]
    return f"{row['feature']} has {_NAMES.get(statistic, statistic)} {value:.3f}, limit {limit:.3f}"


def write_markdown(report: DriftReport, most: int) -> str:
    """A sentence, and a table of at most `most` features below the output, the target and the dependence."""
    features = report.ranked["feature"]
    shown = (report.ranked["prediction"], report.ranked["target"], features[:most], report.ranked["multivariate"])
    lines = [
        *write_sentences(report),
        "",
        "| column | | PSI | limit | drifted | by | KS | Wasserstein | JS | missing | unseen | out of range |",
        "|---|---|--:|--:|---|---|--:|--:|--:|--:|--:|--:|",
        *[_line(row) for rows in shown for row in rows],
    ]
    hidden = len(features) - min(most, len(features))
    if hidden:
        lines += ["", f"{hidden} more features moved less."]
    return "\n".join(lines)


def write_sentences(report: DriftReport) -> list[str]:
    """What was found for features, and for the target and the dependence where they are watched."""
    others = [role for role in ("target", "multivariate") if report.ranked[role]]
    return [report.sentences[role] for role in ("feature", *others)]


_SHOWN: Final = (
    *("feature", "statistic", "role", "value", "limit", "drifted", "causes", "ks", "wasserstein", "js"),
    *("missing_share", "other_share", "out_of_range_share"),
)


def _line(row: Mapping[str, Any]) -> str:
    feature, statistic, role, value, limit, drifted, causes, *rest = (row[name] for name in _SHOWN)
    own = feature if statistic in STATISTICS else f"{feature} ({statistic})"
    cells = [
        own.replace("|", "\\|"),
        role,
        f"{value:.3f}",
        f"{limit:.3f}",
        "**yes**" if drifted else "no",
        causes,
        *["" if isnan(distance) else f"{distance:.3f}" for distance in rest[:3]],
        *["" if isnan(share) else f"{share:.1%}" for share in rest[3:]],
    ]
    return f"| {' | '.join(cells)} |"
