"""Feature functions, good and bad, that tests name by reference."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ml_lifecycle.features.derived.functions import reads


@reads("income", "when", "city")
def good(frame: pd.DataFrame) -> pd.DataFrame:
    """Several columns of numbers, dates and text."""
    frame["rich"] = frame["income"] > 10
    frame["late"] = frame["when"].dt.hour.fillna(-1) * 60
    frame["initial"] = frame["city"].str[:1]
    return frame[["rich", "late", "initial"]]


@reads("income")
def series(frame: pd.DataFrame) -> pd.Series:
    """A named series."""
    return (frame["income"] * 2).rename("double")


@reads("income")
def centred(frame: pd.DataFrame) -> pd.Series:
    """Looks at all rows, which it must not."""
    return (frame["income"] - frame["income"].mean()).rename("centred")


@reads("income")
def unnamed(frame: pd.DataFrame) -> Any:
    """A series without a name."""
    return pd.Series([1] * len(frame))


@reads("income")
def failing(frame: pd.DataFrame) -> pd.Series:
    """Reads what it does not say it reads."""
    return frame["city"]


@reads("paid")
def cheating(frame: pd.DataFrame) -> pd.Series:
    """Reads the target."""
    return frame["paid"].rename("cheat")


def undeclared(frame: pd.DataFrame) -> pd.Series:
    """Does not say what it reads."""
    return frame["income"]
