"""Which inputs moved, and how much of the change of the loss each explains by itself.

The rows of the reference are weighted so that one input is distributed as in the window, and the rest stays as it was
given that input: what the mean loss becomes is the sum over cells of the window's share times the reference's mean
loss. Inputs that go together explain the same change each, so that shares need not sum to one; what all inputs together
explain is said by what foresees the loss of a row. The rest is what inputs do not explain: the concept.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan

import numpy as np
import pandas as pd

from ml_lifecycle.evaluation.inference.corrections import correct_p_values
from ml_lifecycle.monitoring.losses.reference import LossReference

COLUMNS = ("part", "distance", "p_value", "moved", "explained", "share")
ALL_INPUTS, REST = "(all inputs together)", "(concept or interactions)"
#: Rows that an empty cell of the reference is taken to hold, so that one row there is no infinite surprise.
_HALF_ROW = 0.5


@dataclass(frozen=True, slots=True)
class Attribution:
    """What explains a change of the mean loss.

    Args:
        table: The parts, largest first: inputs that moved, then all inputs together and the rest.
        change: Mean loss of the window less that of the reference; NaN without outcomes.
    """

    table: pd.DataFrame
    change: float


def attribute_change(
    reference: LossReference,
    codes: np.ndarray,
    *,
    loss: float,
    foreseen: float = float("nan"),
    most: int = 20,
    rate: float = 0.05,
) -> Attribution:
    """Say which inputs moved and what that does to the mean loss.

    Args:
        reference: What the loss was at training.
        codes: The cell of each row of the window in each column, shape (n, columns).
        loss: Mean loss of the window; NaN without outcomes.
        foreseen: Mean of what is foreseen of the window's rows; NaN where nothing is.
        most: Inputs that are told, those that explain most.
        rate: Probability that any input is said to have moved although none has (chi-square test, Holm).
    """
    change = loss - reference.tested.mean
    parts = [_part(reference, place, codes[:, place]) for place in range(len(reference.cells))]
    chances = correct_p_values(np.array([part[2] for part in parts]), "holm") if parts else np.empty(0)
    moved = [(*part[:2], chance, True, part[3]) for part, chance in zip(parts, chances, strict=True) if chance <= rate]
    told = sorted(moved, key=lambda part: -abs(part[4]))[:most]
    whole = foreseen - reference.tested.foreseen
    known = sum(part[4] for part in told) if isnan(whole) else whole
    ends = [(ALL_INPUTS, nan, nan, False, whole)] * (not isnan(whole))
    ends += [(REST, nan, nan, False, change - known)] * (not isnan(change))
    share = [part[4] / change if change and not isnan(change) else nan for part in told + ends]
    columns = dict(zip(COLUMNS, [*zip(*(told + ends), strict=True), share], strict=False)) if share else {}
    return Attribution(pd.DataFrame(columns, columns=list(COLUMNS)), change)


def _part(reference: LossReference, place: int, codes: np.ndarray) -> tuple[str, float, float, float]:
    """One input: its name, how far it is from the reference (total variation), the chance of that, what it explains."""
    shares, means = np.asarray(reference.shares[place]), np.asarray(reference.means[place])
    counts = np.bincount(codes, minlength=len(shares))
    current = counts / max(len(codes), 1)
    name, distance = reference.cells[place].name, float(np.abs(current - shares).sum() / 2)
    return name, distance, _p_value(counts, shares * reference.rows), float((current - shares) @ means)


def _p_value(counts: np.ndarray, before: np.ndarray) -> float:
    """Two-sample chi-square test over the cells that hold anything."""
    from scipy import special

    held = counts + before > 0
    now, then = counts[held].astype(np.float64), np.maximum(before[held], _HALF_ROW)
    if now.sum() == 0 or len(now) < 2:  # noqa: PLR2004 - one cell cannot differ
        return 1.0
    a, b = np.sqrt(then.sum() / now.sum()), np.sqrt(now.sum() / then.sum())
    statistic = float(((a * now - b * then) ** 2 / (now + then)).sum())
    return float(special.chdtrc(len(now) - 1, statistic))
