"""DDM: the mean loss so far against the lowest that it has been.

Gama, Medas, Castillo and Rodrigues (2004), "Learning with drift detection". The source counts errors; of any loss, the
mean and its standard error take the place of the error rate and of sqrt(p (1 - p) / n).
"""

from __future__ import annotations

import numpy as np

from ml_lifecycle.monitoring.detectors.blocks import Blocks, Change

#: Rows before which nothing is said. The 30 of the source let the lowest of some early, uncertain means be what all is
#: held against: a false alarm in one of six windows of 1,000 rows where no reference comes first.
_FEWEST = 300
#: So many times as often as one normal value passes a level does the walk from its lowest point (measured on stationary
#: losses, see the tests).
_CHOICES = 30.0


def find_change(losses: Blocks, chance: float) -> Change | None:
    """The first rise that is seen when the blocks come one after another; a fall is none.

    Args:
        losses: Losses from the last change on.
        chance: Probability of a false alarm over all blocks; 0.04 is the level of the source, 3 deviations.
    """
    from scipy import special

    if len(losses) < 2:  # noqa: PLR2004 - there is nothing to compare one block with
        return None
    counts, sums, squares = (np.cumsum(part) for part in losses.arrays)
    mean = sums / counts
    error = np.sqrt(np.maximum(squares / counts - mean**2, 0) / counts)
    upper = np.where(counts >= _FEWEST, mean + error, np.inf)
    places = np.arange(len(losses))
    lowest = np.maximum.accumulate(np.where(upper <= np.minimum.accumulate(upper), places, 0))
    level = -float(special.ndtri(chance / _CHOICES))
    known = np.isfinite(upper) & (error[lowest] > 0)
    seen = np.flatnonzero(known & (mean + error > mean[lowest] + level * error[lowest]))
    if len(seen) == 0:
        return None
    end = int(seen[0])
    begun = int(lowest[end]) + 1
    return Change(end, begun, losses.cut(begun, end + 1).mean - losses.cut(0, begun).mean)
