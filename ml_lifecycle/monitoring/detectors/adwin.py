"""ADWIN: two neighbouring parts of the past whose means differ by more than chance lets them.

Bifet and Gavalda (2007), "Learning from time-changing data with adaptive windowing". The window here is bounded, so
that cuts are tried between all blocks instead of between the buckets of an exponential histogram.
"""

from __future__ import annotations

import numpy as np

from ml_lifecycle.monitoring.detectors.blocks import Blocks, Change


def find_change(losses: Blocks, chance: float) -> Change | None:
    """The first change, upwards or downwards, that is seen when the blocks come one after another.

    Args:
        losses: Losses that lie between 0 and 1, from the last change on.
        chance: The `delta` of the source, which bounds the false alarms after one block over all cuts.
    """
    if len(losses) < 2:  # noqa: PLR2004 - there is nothing to compare one block with
        return None
    counts, sums, squares = (np.cumsum(part) for part in losses.arrays)
    variance = np.maximum(squares / counts - (sums / counts) ** 2, 0)[1:, None]
    before, whole = counts[None, :-1], counts[1:, None]
    after = whole - before
    inside = after > 0  # a cut lies before the end
    after = np.where(inside, after, 1.0)
    means = (sums[1:, None] - sums[None, :-1]) / after - sums[None, :-1] / before
    inverse = 1 / before + 1 / after
    logarithm = np.log(2 * np.arange(1, len(losses)) / chance)[:, None]
    bound = np.sqrt(2 * inverse * variance * logarithm) + 2 / 3 * inverse * logarithm
    beyond = np.where(inside, np.abs(means) / bound, 0.0)
    ends = np.flatnonzero(beyond.max(axis=1) > 1)
    if len(ends) == 0:
        return None
    end = int(ends[0])
    place = int(beyond[end].argmax())
    return Change(end + 1, place + 1, float(means[end, place]))
