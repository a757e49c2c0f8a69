"""Page-Hinkley: the sum of what losses lie above their mean so far, against the lowest that the sum has been.

Page (1954), "Continuous inspection schemes"; Hinkley (1971). The threshold is that of a wanted rate of false alarms,
by the run length of Siegmund (1985), "Sequential analysis", for a sum with slack.
"""

from __future__ import annotations

from math import exp, log

import numpy as np

from ml_lifecycle.monitoring.detectors.blocks import Blocks, Change

#: What a sum in whole steps passes its limit by, in standard deviations (Siegmund 1985).
_OVERSHOOT = 1.166
_ROUNDS = 50


def find_change(losses: Blocks, chance: float, *, rows: float, slack: float) -> Change | None:
    """The first rise that is seen when the blocks come one after another; a fall is none.

    Args:
        losses: Losses from the last change on.
        chance: Probability of a false alarm in so many rows.
        rows: The rows.
        slack: Rise of the mean that does not count, in standard deviations of the loss.
    """
    if len(losses) < 2:  # noqa: PLR2004 - there is nothing to compare one block with
        return None
    counts, sums, squares = (np.cumsum(part) for part in losses.arrays)
    mean = sums / counts
    spread = np.sqrt(np.maximum(squares / counts - mean**2, 0))
    above = losses.sums - losses.counts * (np.append(mean[0], mean[:-1]) + slack * spread)
    total = np.cumsum(above)
    lowest = np.minimum.accumulate(total)
    seen = np.flatnonzero((total - lowest > threshold_of(chance, rows, slack) * spread) & (spread > 0))
    if len(seen) == 0:
        return None
    end = int(seen[0])
    begun = min(int(total[: end + 1].argmin()) + 1, end)
    return Change(end, begun, losses.cut(begun, end + 1).mean - losses.cut(0, begun).mean)


def threshold_of(chance: float, rows: float, slack: float) -> float:
    """The threshold, in standard deviations, that is passed in so many rows with this probability.

    The mean run length of Siegmund, (exp(2 s b) - 2 s b - 1) / (2 s^2) with b the threshold and the overshoot, is set
    to rows / chance.

    >>> round(threshold_of(0.05, 1_000, 0.1), 1)
    28.9
    """
    wanted = 2 * slack**2 * rows / chance
    reach = 1.0
    for _ in range(_ROUNDS):  # a fixed point: exp grows so fast that each round halves the distance at least
        reach = log(wanted + reach + 1)
        if abs(exp(reach) - reach - 1 - wanted) < 1e-9 * wanted:
            break
    return max(reach / (2 * slack) - _OVERSHOOT, 0.0)
