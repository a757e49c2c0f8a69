"""Blocks of consecutive rows, for rows that are ordered in time and not independent of their neighbours.

The codes of `blocks_of` go wherever groups of dependent rows go (`bootstrap_intervals`, `paired_bootstrap`,
`find_slices` ...): whole blocks are then drawn, which is the block bootstrap of Carlstein (1986). How units are drawn
lives in `resampling`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Rows are cut into at least so many blocks where time allows: fewer say little about how blocks differ.
FEWEST_BLOCKS = 20
#: An autocorrelation counts as zero below this many sqrt(log10(n) / n) (Politis and White 2004).
_NEGLIGIBLE = 2.0


def blocks_of(
    time: np.ndarray | pd.Series,
    *,
    values: np.ndarray | None = None,
    length: int | None = None,
    fewest: int = FEWEST_BLOCKS,
) -> np.ndarray:
    """Cut rows into blocks that follow each other in time.

    Rows of the same time stay together. The length of a block, in distinct times, is the given one; else with values
    that of Politis and White (2004), which is 1 where neighbours do not depend on each other; else n^(1/3) of the n
    distinct times, the rate at which the block bootstrap's error is least (Hall, Horowitz and Jing 1995).

    Args:
        time: When each row happened, shape (n,), in any order; rows without a time are one block.
        values: What each row adds to the metric, such as `Metric.row_losses`, shape (n,); missing ones do not count.
        length: Distinct times in a block.
        fewest: Blocks that there should be at least, however long they would have to be.

    Returns:
        Code of each row's block, shape (n,), rising with time.

    >>> blocks_of(np.array([3, 1, 1, 2, 4]), length=2, fewest=1).tolist()
    [1, 0, 0, 0, 1]
    """
    codes, stamps = pd.factorize(np.asarray(time), sort=True)
    codes = np.where(codes < 0, len(stamps), codes)
    known = len(stamps)
    if known == 0:
        return np.zeros(len(codes), dtype=np.intp)
    size = length or (_cube_root(known) if values is None else block_length(_means(codes, values, known)))
    blocks = min(known, max(fewest, known // max(1, size)))
    of_stamp = np.r_[np.arange(known) * blocks // known, blocks]
    return np.asarray(of_stamp[codes]).astype(np.intp)


def block_length(series: np.ndarray) -> int:
    """The length of blocks that makes the error of a mean's variance least, chosen from the series itself.

    The rule of Politis and White (2004) with the correction of Patton, Politis and White (2009), for blocks that do not
    overlap. Autocorrelations count up to the lag after which several in a row are negligible.

    Args:
        series: Values in the order of time, shape (n,), without missing ones.
    """
    n = len(series)
    spread = float(np.var(series)) if n else 0.0
    if n < 2 * FEWEST_BLOCKS or spread == 0:
        return _cube_root(n)
    most = int(np.ceil(min(3 * np.sqrt(n), n / 3)))
    covariance = autocovariance(series, 2 * most)
    reach = 2 * _last_lag(np.abs(covariance / spread) < _NEGLIGIBLE * np.sqrt(np.log10(n) / n), n, most)
    lags = np.arange(1, min(reach, len(covariance) - 1) + 1)
    if len(lags) == 0:
        return 1
    window = np.minimum(1, 2 * (1 - lags / reach))  # the flat-top window of Politis and Romano (1995)
    slope = 2 * float((window * lags * covariance[lags]).sum())
    density = covariance[0] + 2 * float((window * covariance[lags]).sum())
    if density <= 0:  # a series that swings back each time: its mean is surer than that of independent values
        return 1
    return int(np.clip(np.ceil((abs(slope) / density) ** (2 / 3) * n ** (1 / 3)), 1, most))


def autocovariance(series: np.ndarray, lags: int) -> np.ndarray:
    """Autocovariances at lags 0 to `lags` (or as many as there are), by the fast Fourier transform.

    Args:
        series: Values in the order of time, shape (n,).
        lags: The largest lag.
    """
    n = len(series)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(series - series.mean(), size)) ** 2
    return np.asarray(np.fft.irfft(spectrum, size)[: min(lags + 1, n)] / n)


def means_by_time(time: np.ndarray | pd.Series, values: np.ndarray) -> np.ndarray:
    """The mean of values at each distinct time, in the order of time; times without a value are left out.

    >>> means_by_time(np.array([2, 1, 2]), np.array([1.0, 5.0, 3.0])).tolist()
    [5.0, 2.0]
    """
    codes, stamps = pd.factorize(np.asarray(time), sort=True)
    return _means(np.where(codes < 0, len(stamps), codes), values, len(stamps))


def _cube_root(n: int) -> int:
    return max(1, round(float(np.cbrt(n))))


def _means(codes: np.ndarray, values: np.ndarray, stamps: int) -> np.ndarray:
    """Mean value of each distinct time that has one, in the order of time."""
    counted = np.isfinite(values) & (codes < stamps)
    rows = np.bincount(codes[counted], minlength=stamps)
    sums = np.bincount(codes[counted], values[counted], minlength=stamps)
    return np.asarray(sums[rows > 0] / rows[rows > 0])


def _last_lag(negligible: np.ndarray, n: int, most: int) -> int:
    """The lag after which autocorrelations are negligible, several in a row."""
    run = max(5, int(np.sqrt(np.log10(n))))
    for lag in range(min(most, len(negligible) - run)):
        if negligible[lag + 1 : lag + 1 + run].all():
            return lag
    return most
