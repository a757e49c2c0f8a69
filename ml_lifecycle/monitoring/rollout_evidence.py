"""What the prediction log says about two versions that answer at the same time, figure by figure.

Each figure is compared by a test of `sequential` that may be looked at at any time. What follows from the findings is
decided in `rollout`; where the rows come from is the business of `serving/prediction_log`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.monitoring.sequential import (
    Bounds,
    asymptotic_mean_bounds,
    distribution_shift,
    mean_bounds,
    median_bounds,
    rate_increase_evidence,
)

#: How many figures are compared: each has this part of the chance of a false alarm.
FIGURES: Final = 4
_ORDER: Final = ("outcome_at", "logged_at", "event_time")


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure of the two versions.

    Args:
        figure: errors, latency, scores or loss.
        champion: The figure of the version in production; NaN where there is none, as of a distance.
        version: The figure of the version that is rolled out, or the distance of the two.
        low: Lower end of the difference (of latencies, of the ratio); NaN where there is none.
        high: Upper end.
        limit: What is tolerated of it.
        rows: Rows of the version that it rests on.
        harmful: Whether it is beyond the limit, with confidence at any time.
        harmless: Whether it is within the limit, with confidence at any time.
        said: One sentence.
    """

    figure: str
    champion: float
    version: float
    low: float
    high: float
    limit: float
    rows: int
    harmful: bool
    harmless: bool
    said: str


@dataclass(frozen=True, slots=True)
class Pair:
    """The rows of the two versions within one step.

    Args:
        champion: Logged predictions of the version in production: `logged_at`, `latency_ms`, `score`, `prediction`,
            `outcome`, `row_key`, and if it is there `outcome_at`.
        version: Those of the version that is rolled out.
        failed: How many rows of each could not be answered, champion first.
        paired: Whether both were given the same rows, as of a shadow.
    """

    champion: pd.DataFrame
    version: pd.DataFrame
    failed: tuple[int, int] = (0, 0)
    paired: bool = False

    @classmethod
    def of(
        cls, frame: pd.DataFrame, *, champion: str, version: str, shadow: bool, failed: Mapping[str, int] | None = None
    ) -> Pair:
        """Take the rows of two versions out of what the log says.

        Args:
            frame: Logged predictions of the step with `model_version` and `role`.
            champion: The version in production.
            version: The version that is rolled out.
            shadow: Whether it is asked beside the champion.
            failed: Failed rows by version.
        """
        counts = failed or {}
        old = (frame["model_version"] == champion) & (frame["role"] == "champion")
        new = (frame["model_version"] == version) & (frame["role"] == ("shadow" if shadow else "canary"))
        return cls(frame[old], frame[new], (counts.get(champion, 0), counts.get(version, 0)), shadow)


def compare_errors(pair: Pair, *, limit: float, alpha: float) -> Finding:
    """Whether the share of rows that fail has risen by more than a limit.

    Args:
        pair: The rows.
        limit: The increase that is tolerated.
        alpha: The chance of a false alarm, over all looks.
    """
    rows = tuple(len(part) + bad for part, bad in zip((pair.champion, pair.version), pair.failed, strict=True))
    shares = [bad / whole if whole else math.nan for bad, whole in zip(pair.failed, rows, strict=True)]
    evidence = rate_increase_evidence(pair.failed, (rows[0], rows[1]), margin=limit)
    harmful = min(rows) > 0 and evidence >= math.log(1 / alpha)
    said = (
        f"{_share(shares[1])} of its rows failed, {_share(shares[0])} of the champion's; {limit:.2%} more is tolerated"
    )
    nothing = math.nan
    return Finding("errors", shares[0], shares[1], nothing, nothing, limit, rows[1], harmful, not harmful, said)


def compare_latency(pair: Pair, *, limit: float, alpha: float) -> Finding:
    """Whether the median latency of a request is more than so many times the champion's.

    Args:
        pair: The rows; of several rows of one request, the latency counts once.
        limit: The ratio that is tolerated.
        alpha: The chance of a false alarm, over all looks.
    """
    old, new = (median_bounds(_latencies(part), alpha) for part in (pair.champion, pair.version))
    low = new.low / old.high if old.high > 0 else 0.0
    high = new.high / old.low if old.low > 0 else math.inf
    said = f"a median of {new.estimate:.2f} ms, the champion's is {old.estimate:.2f} ms; {limit:g} times is tolerated"
    return _finding("latency", old.estimate, new.estimate, (low, high), limit, len(pair.version), said)


def compare_scores(pair: Pair, *, limit: float, alpha: float, first: int) -> Finding:
    """Whether the distribution of scores lies farther from the champion's than a limit.

    Args:
        pair: The rows.
        limit: The Kolmogorov-Smirnov distance that is tolerated.
        alpha: The chance of a false alarm, over all looks.
        first: Nothing is said before so many rows of each.
    """
    old, new = (part["score"].dropna().to_numpy(dtype=np.float64) for part in (pair.champion, pair.version))
    found = distribution_shift(old, new, alpha, first=first)
    said = f"scores lie {found.estimate:.3f} from the champion's; {limit:g} is tolerated"
    return _finding("scores", math.nan, found.estimate, (found.low, found.high), limit, len(new), said)


def compare_losses(pair: Pair, target: Target, *, limit: float, alpha: float, first: int) -> Finding:
    """Whether the loss on rows with a known outcome is more than a limit above the champion's.

    Where both were given the same rows, the losses of each row are compared; else the means of the two.

    Args:
        pair: The rows.
        target: What is predicted.
        limit: The difference that is tolerated, in units of the loss.
        alpha: The chance of a false alarm, over all looks.
        first: For losses without bounds, nothing is said before so many rows of each.
    """
    old, new = (_labelled(part, target) for part in (pair.champion, pair.version))
    bounded = target.kind in {Kind.BINARY, Kind.MULTICLASS}
    if pair.paired:
        both = new.index.intersection(old.index, sort=False)
        old, new = old[both], new[both]
        gap = _mean((new - old).to_numpy(), alpha, (-1.0, 1.0) if bounded else None, first)
        ends = (gap.low, gap.high)
    else:
        ends = _gap(*(_mean(part.to_numpy(), alpha, (0.0, 1.0) if bounded else None, first) for part in (old, new)))
    means = [float(part.mean()) if len(part) else math.nan for part in (old, new)]
    said = (
        f"{_LOSSES.get(target.kind, 'absolute error')} of {means[1]:.4f} on {len(new)} known outcomes, the champion's "
        f"is {means[0]:.4f}; {limit:g} more is tolerated"
        if len(new)
        else "no outcome is known yet"
    )
    return _finding("loss", means[0], means[1], ends, limit, len(new), said)


def row_losses(frame: pd.DataFrame, target: Target) -> np.ndarray:
    """The loss of each row: squared error of the probability, a wrong class, or the absolute error; shape (n,).

    Args:
        frame: `score`, `prediction` and `outcome`, none of them missing.
        target: What is predicted.

    Raises:
        TargetError: An outcome is no value of the target.
    """
    truth = target.encode(frame["outcome"])
    if target.kind is Kind.MULTICLASS:
        return np.asarray(truth != target.encode(frame["prediction"]), dtype=np.float64)
    gap = frame["score"].to_numpy(dtype=np.float64) - truth
    return np.asarray(gap**2 if target.kind is Kind.BINARY else np.abs(gap))


_LOSSES: Final = {Kind.BINARY: "a Brier score", Kind.MULTICLASS: "a share of wrong classes"}


def _labelled(frame: pd.DataFrame, target: Target) -> pd.Series:
    """The losses by row, each once, in the order in which they became known."""
    known = frame[frame["outcome"].notna()]
    order = [name for name in _ORDER if name in known.columns]
    known = known.sort_values(order, kind="stable").drop_duplicates("row_key", keep="last")
    return pd.Series(row_losses(known, target) if len(known) else [], index=known["row_key"], name="loss", dtype=float)


def _latencies(frame: pd.DataFrame) -> np.ndarray:
    """One for each request: its rows are logged at one moment with one latency."""
    known = frame[frame["latency_ms"].notna()].drop_duplicates(["logged_at", "latency_ms"])
    return known["latency_ms"].to_numpy(dtype=np.float64)


def _mean(values: np.ndarray, alpha: float, ends: tuple[float, float] | None, first: int) -> Bounds:
    if ends is None:
        return asymptotic_mean_bounds(values, alpha, first=first)
    return mean_bounds(values, alpha, low=ends[0], high=ends[1])


def _gap(old: Bounds, new: Bounds) -> tuple[float, float]:
    return new.low - old.high, new.high - old.low


def _finding(
    figure: str, champion: float, version: float, ends: tuple[float, float], limit: float, rows: int, said: str
) -> Finding:
    low, high = ends
    return Finding(figure, champion, version, low, high, limit, rows, low > limit, high <= limit, said)


def _share(value: float) -> str:
    return "none" if math.isnan(value) else f"{value:.2%}"
