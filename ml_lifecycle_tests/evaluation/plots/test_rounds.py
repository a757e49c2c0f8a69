"""Scores by rounds are one picture."""

import pandas as pd

from ml_lifecycle.evaluation.plots.rounds import draw_rounds


def test_both_scores_are_drawn() -> None:
    """One PNG; none where there are no scores."""
    found = draw_rounds(pd.DataFrame({"round": [1, 2], "train": [0.5, 0.6], "valid": [0.5, 0.55]}), "roc_auc")
    assert found["learning_by_rounds"].startswith(b"\x89PNG")
    assert draw_rounds(pd.DataFrame(columns=["round", "train", "valid"]), "roc_auc") == {}
