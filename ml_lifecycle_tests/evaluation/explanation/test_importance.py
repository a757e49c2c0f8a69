"""Importances: what matters comes first, and the model's own view stands beside it."""

import numpy as np
import pytest

from ml_lifecycle.evaluation.explanation.importance import COLUMNS, merge_importance, permutation_importance
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle_tests.evaluation.problems import binary, score_frame


def test_columns_come_in_the_order_of_their_loss() -> None:
    """The number matters most, the city less, the sensitive column not at all."""
    data = binary(800)
    columns = ["sex", "city", "x"]
    table = permutation_importance(score_frame, data.frame, data.y, METRICS["roc_auc"], columns)
    assert table["feature"].tolist() == ["x", "city", "sex"]
    assert table["loss"].iloc[2] == 0
    assert table["loss"].iloc[0] > 5 * table["error"].iloc[0]


def test_own_importance_is_merged_by_name() -> None:
    """A feature without a column of its name, and a column without a feature, both stay in the table."""
    data = binary(200)
    permuted = permutation_importance(score_frame, data.frame, data.y, METRICS["log_loss"], ["x", "sex"])
    table = merge_importance(permuted, {"x": 3.0, "city_code": 1.0})
    assert tuple(table.columns) == COLUMNS
    assert table.set_index("feature")["model_share"].to_dict() == pytest.approx(
        {"x": 0.75, "city_code": 0.25, "sex": np.nan}, nan_ok=True
    )


def test_no_importance_is_an_empty_table() -> None:
    """Without columns and without the model's view there is a table without rows."""
    data = binary(60)
    permuted = permutation_importance(score_frame, data.frame, data.y, METRICS["log_loss"], [])
    assert merge_importance(permuted, {}).empty
