"""Rows of the drift table as the page reads them: how far each is from its limit, and what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from ml_lifecycle.monitoring.dashboard.words import as_words

FEATURE: Final = "feature"
_ROLES: Final[Mapping[str, str]] = {"prediction": "predictions", "target": "outcomes"}
_TOGETHER: Final = "multivariate"
#: What stands between the names of two columns whose correlation has changed most.
_PAIR: Final = " x "


def severity_of(frame: pd.DataFrame) -> pd.Series:
    """How near each row is to its limit, 1 being the limit: over all its statistics where the table says so.

    >>> severity_of(pd.DataFrame({"value": [0.1, 0.75], "limit": [0.5, 0.5], "severity": [2.0, None]})).tolist()
    [2.0, 1.5]
    """
    share: pd.Series = frame["value"].astype(float) / frame["limit"].astype(float)
    if "severity" not in frame:
        return share
    return pd.to_numeric(frame["severity"], errors="coerce").fillna(share)


def subject_of(row: Mapping[str, Any]) -> str:
    """What a row is about, in words.

    >>> subject_of({"feature": "pca", "role": "multivariate"}), subject_of({"feature": "age", "role": "feature"})
    ('all features together (pca)', 'age')
    """
    name, role = str(row["feature"]), str(row["role"])
    if role == FEATURE:
        return name
    if role == _TOGETHER:  # which two columns are farthest changes from window to window; it is one line all the same
        return "all features together (correlations)" if _PAIR in name else f"all features together ({as_words(name)})"
    said = _ROLES.get(role, role)
    return said if name == role else f"{said} ({as_words(name)})"


def causes_of(row: Mapping[str, Any]) -> str:
    """By which statistics a row has drifted, in words; empty where the table does not say."""
    said = row.get("causes", "")
    return ", ".join(as_words(one) for one in str(said).replace(",", " ").split()) if isinstance(said, str) else ""
