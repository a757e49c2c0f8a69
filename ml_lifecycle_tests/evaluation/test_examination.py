"""What joins the answers: worst rows are found again among all rows, and get their reasons."""

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.evaluation.examination import Examination, give_reasons
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle_tests.evaluation.problems import binary, score_frame

WORST = pd.DataFrame({"row": [12, 10], "loss": [2.0, 1.0], "because": ["x", "y"]})


def _examine(row_ids: np.ndarray | None) -> Examination:
    data = binary(50)
    metric = METRICS["roc_auc"]
    return Examination(
        Kind.BINARY, data.frame, metric.score(data.y, data.p), score_frame, EvaluationConfig(), metric, ("x", "city"),
        query=None, groups=None, classes=(), times=None, row_ids=row_ids, decide=None, seed=0,
    )  # fmt: skip


def test_worst_rows_are_found_by_name_or_place() -> None:
    """By their ids where there are some; ids that are not unique find nothing."""
    assert _examine(None).places_of(WORST) == [12, 10]
    assert _examine(np.arange(50) + 10).places_of(WORST) == [2, 0]
    assert _examine(np.zeros(50)).places_of(WORST) == []
    assert _examine(None).places_of(None) == []


def test_reasons_stand_behind_the_loss() -> None:
    """A column of that name in the data is left as it is."""
    table = give_reasons(WORST, [2, 0], {2: "a (+1)", 0: "b (-1)"})
    assert list(table.columns) == ["row", "loss", "because_", "because"]
    assert table["because_"].tolist() == ["a (+1)", "b (-1)"]
    assert give_reasons(WORST, [2, 0], {}) is WORST


def test_only_what_was_measured_is_followed() -> None:
    """Partial dependence is of columns with a loss, the most important first; features of the model are no columns."""
    importance = pd.DataFrame({"feature": ["city_code", "city", "x"], "loss": [np.nan, 0.2, 0.1]})
    assert _examine(None).follow_columns(importance)["column"].unique().tolist() == ["city", "x"]
