"""Tables of trials for the tests of a search's pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd


def trials(
    values: Sequence[float], params: Sequence[dict[str, Any]], state: str | Sequence[str] = "complete"
) -> pd.DataFrame:
    """A table of trials as a search gives it."""
    states = [state] * len(values) if isinstance(state, str) else list(state)
    return pd.DataFrame(
        {
            "number": range(len(values)),
            "state": states,
            "value": [float(value) for value in values],
            "seconds": 1.0,
            "params": [json.dumps(item) for item in params],
            "rounds": 10,
            "stopped": "",
            "origin": "search",
        }
    )
