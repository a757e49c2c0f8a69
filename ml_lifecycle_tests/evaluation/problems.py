"""Small made-up problems with a known truth, for the tests of this room."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Problem:
    """Rows, truth, and predictions that a simple model makes of them."""

    frame: pd.DataFrame
    y: np.ndarray
    p: np.ndarray


def score_frame(frame: pd.DataFrame) -> np.ndarray:
    """The model of `binary`: a probability from two columns; missing numbers count as 0."""
    z = 1.5 * frame["x"].astype(float).fillna(0) + (frame["city"] == "a")
    return (1 / (1 + np.exp(-z))).to_numpy()


def binary(rows: int = 600, seed: int = 0) -> Problem:
    """A calibrated model on rows with a number, a category and a sensitive column that does not matter."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=rows),
            "city": rng.choice(["a", "b", "c"], rows),
            "sex": rng.choice(["f", "m"], rows),
        }
    )
    p = score_frame(frame)
    return Problem(frame, (rng.random(rows) < p).astype(int), p)


def queries(rows: int = 300, per_query: int = 10, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Grades, scores and query codes of a ranking problem."""
    rng = np.random.default_rng(seed)
    grades = rng.integers(0, 4, rows).astype(float)
    return grades, grades + rng.normal(0, 2, rows), np.arange(rows) // per_query
