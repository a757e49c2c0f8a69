"""Which pictures an evaluation has, for each kind of problem and each finding."""

from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.evaluation.calibration import reliability
from ml_lifecycle.evaluation.explanation.partial_dependence import partial_dependence
from ml_lifecycle.evaluation.explanation.shap_summary import explain_rows
from ml_lifecycle.evaluation.inference.intervals import Interval
from ml_lifecycle.evaluation.learning_curve import LearningCurve
from ml_lifecycle.evaluation.measures.forms import Scored
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle.evaluation.plots.choice import Findings, draw
from ml_lifecycle.evaluation.plots.pictures import draw_png, shorten
from ml_lifecycle_tests.evaluation.fitted import fit_case
from ml_lifecycle_tests.evaluation.problems import binary, queries, score_frame

DATA = binary(300)
_POINTS = pd.DataFrame(
    {
        "rows": [50, 100, 200],
        "fits": [2, 1, 1],
        "value": [0.7, 0.75, 0.77],
        "low": [0.6, 0.7, 0.75],
        "high": [0.8, 0.8, 0.8],
        "law": [0.7, 0.75, 0.77],
    }
)


def _findings() -> Findings:
    case = fit_case()
    return Findings(
        reliability=reliability(DATA.y, DATA.p),
        importance=pd.DataFrame({"feature": ["x", "$5 & $6"], "loss": [0.2, 0.1], "error": [0.01, np.nan]}),
        slices=pd.DataFrame({"slice": ["city = a"], "rows": [99], "value": [0.7], "low": [0.6], "high": [np.nan]}),
        dependence=partial_dependence(score_frame, DATA.frame, ["x", "city"]),
        explanation=explain_rows(case.model, case.extractor.transform, case.frame, rows=60),
        learning=LearningCurve("roc_auc", _POINTS, 200, Interval(0.01, 0.0, 0.02), 0.95),
    )


def test_a_binary_problem_has_all_pictures() -> None:
    """Each is a PNG of bounded size."""
    scored, found = Scored.of(DATA.y, DATA.p), _findings()
    pictures = draw(Kind.BINARY, scored, METRICS["roc_auc"], found, classes=["no", "yes"])
    assert list(pictures) == [
        "confusion_matrix",
        "roc_curve",
        "precision_recall_curve",
        "gain_and_lift",
        "calibration",
        "scores_by_class",
        "slices",
        "importance",
        "shap_summary",
        "learning_curve",
        "partial_dependence",
    ]
    assert all(png.startswith(b"\x89PNG") and len(png) < 90_000 for png in pictures.values())


def test_the_same_findings_give_the_same_bytes() -> None:
    """Nothing of the moment is in a picture."""
    one, two = (draw(Kind.BINARY, Scored.of(DATA.y, DATA.p), METRICS["roc_auc"], Findings()) for _ in range(2))
    assert one == two


def test_many_classes_fit_in() -> None:
    """Thirty classes are drawn without names, and stay readable without an error."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(30), 200)
    pictures = draw(Kind.MULTICLASS, Scored.of(rng.integers(0, 30, 200), p), METRICS["log_loss"], Findings())
    assert list(pictures) == ["confusion_matrix", "scores_by_class"]


def test_classes_are_stacked_and_followed() -> None:
    """SHAP values and dependence of several classes are drawn class by class."""
    case = fit_case(Kind.MULTICLASS)
    found = Findings(
        dependence=partial_dependence(case.predict, case.frame, ["x", "city"]),
        explanation=explain_rows(case.model, case.extractor.transform, case.frame, rows=40),
    )
    scored = Scored.of(case.y, case.predict(case.frame))
    assert {"shap_summary", "partial_dependence"} <= set(draw(Kind.MULTICLASS, scored, METRICS["log_loss"], found))


@pytest.mark.parametrize("step", [np.timedelta64(1, "D"), np.timedelta64(1, "s")])
def test_a_regression_has_residuals_over_time(step: np.timedelta64) -> None:
    """With times there is a picture over time; rows without a time are left out of it."""
    rng = np.random.default_rng(0)
    times = np.datetime64("2026-01-01", "ns") + np.arange(300) * step
    times[5] = np.datetime64("NaT")
    scored = Scored.of(rng.normal(size=300), rng.normal(size=300))
    pictures = draw(Kind.REGRESSION, scored, METRICS["rmse"], Findings(times=times))
    assert list(pictures) == ["predicted_and_true", "residuals", "residuals_over_time"]
    assert "residuals_over_time" not in draw(Kind.REGRESSION, scored, METRICS["rmse"], Findings())


def test_constant_predictions_are_drawn() -> None:
    """A model without any spread is no reason for an error."""
    scored = Scored.of(np.arange(50.0), np.ones(50))
    assert "residuals" in draw(Kind.REGRESSION, scored, METRICS["rmse"], Findings())
    ones = Scored.of(DATA.y, np.full(300, 0.3))
    assert "gain_and_lift" in draw(Kind.BINARY, ones, METRICS["roc_auc"], Findings())


def test_a_ranking_is_drawn_by_query() -> None:
    """The metric's distribution over queries."""
    grades, scores, query = queries()
    pictures = draw(Kind.RANKING, Scored.of(grades, scores, query), METRICS["ndcg@10"], Findings())
    assert list(pictures) == ["per_query"]


def test_nothing_is_cut_off() -> None:
    """Long names make room for themselves: the outermost pixels of a picture are white."""

    def paint(axes: object) -> None:
        axes.barh(["a name of twenty four l", "b"], [1, 123456])
        axes.set_title("a title")

    for panels in (1, 3):
        pixels = np.asarray(Image.open(BytesIO(draw_png(*[paint] * panels))))
        border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        assert (border == 255).all()


def test_dollars_are_no_formulas() -> None:
    """A pair of dollar signs would be set as mathematics, and may not parse."""
    assert shorten("$a_{$") == r"\$a_{\$"
