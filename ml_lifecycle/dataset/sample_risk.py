"""Whether a loan of the shipped sample is repaid: functions of Agrawal, Imielinski and Swami, made smooth.

Source: R. Agrawal, T. Imielinski, A. Swami: Database mining: a performance perspective. IEEE Transactions on Knowledge
and Data Engineering 5 (6), 1993. Their functions put a row into one group when a disposable amount is positive; here
the amount decides the odds of default (logistic), so that a row near the border may go either way.

Gender is in neither function: it is tied to repayment only by the pay gap that `sample_rows` documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from ml_lifecycle.dataset.sample_rows import EDUCATION, Floats, Mask

_LEVELS: Final[Mapping[str, int]] = {name: level for level, name in enumerate(EDUCATION)}
_EQUITY_AFTER_YEARS = 3.0  # theirs is 20: our homes are younger
_EQUITY_FULL_AFTER = 10.0  # more years
_EQUITY_SHARE = 0.2

# Where the odds are even, and how many of disposable amount change them by a factor of e, before and after the drift.
_BORDER = (-27_000.0, 28_000.0)
_SOFTNESS = (13_500.0, 8_000.0)
_DISTANCE_RISK = 0.5  # log odds that an application over web or partner adds, after the drift


def default_risk(rows: pd.DataFrame, *, drifted: Mask) -> Floats:
    """(n,) probability of default, by function 9 before concept drift and by function 10 after it.

    Before, what counts is income after the costs of education and of the loan. After, the size of the loan counts no
    longer, the equity in the borrower's home does, and so does whether anybody has seen the borrower.

    Args:
        rows: Applications as they were before any cell was spoilt.
        drifted: (n,) rows that follow the relation after the drift.
    """
    income = 0.67 * (rows["salary"] + rows["commission"].fillna(0)) - 5_000 * rows["education"].map(_LEVELS) - 10_000
    function_9 = (income - 0.2 * rows["loan_amount"]).to_numpy(dtype=np.float64)
    function_10 = income.to_numpy(dtype=np.float64) + _equity(rows)
    distant = rows["channel"].isin(["web", "partner"]).to_numpy()
    before = (_BORDER[0] - function_9) / _SOFTNESS[0]
    after = (_BORDER[1] - function_10) / _SOFTNESS[1] + _DISTANCE_RISK * distant
    risk: Floats = 1 / (1 + np.exp(-np.where(drifted, after, before)))
    return risk


def _equity(rows: pd.DataFrame) -> Floats:
    """What of the home belongs to the borrower and counts: nothing in the first years, then more by the year."""
    years = (rows["home_years"].fillna(0).to_numpy() - _EQUITY_AFTER_YEARS).clip(0, _EQUITY_FULL_AFTER)
    equity: Floats = _EQUITY_SHARE * rows["home_value"].fillna(0).to_numpy() * years / _EQUITY_FULL_AFTER
    return equity
