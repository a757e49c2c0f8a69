"""The shipped sample: a stream of loan applications that drifts at a known date, made by the package itself.

Applications follow Agrawal, Imielinski and Swami (1993): by one of their functions of income, education, home and loan
it is decided whether a loan is repaid, which is known 10 to 20 days later. At `DRIFT_DATE` other people begin to apply
(covariate drift: younger, other regions and channels, higher salaries) and another function decides (concept drift).
Who applies is made in `sample_rows`, who repays in `sample_risk`, what is spoilt in `sample_faults`.

Any day can be made alone, and is the same whenever it is made with the same seed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final, Literal, TypeAlias, cast, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.dataset.sample_faults import spoil
from ml_lifecycle.dataset.sample_risk import default_risk
from ml_lifecycle.dataset.sample_rows import CAMPAIGN_DATE, Mask, Slots, Uniforms, make_applications
from ml_lifecycle.errors import ConfigError

Drift: TypeAlias = Literal["default", "none", "covariate", "concept"]

DRIFT_DATE: Final = CAMPAIGN_DATE
"""2025-10-01: from this day on the stream is another, and more people apply."""
FIRST_DAY: Final = date(2025, 1, 1)
LAST_DAY: Final = date(2025, 12, 31)
SEED: Final = 20250101
"""The seed of the files in `data/loans`."""

OUTCOME_COLUMNS: Final = ("defaulted", "outcome_at")
_DELAY_DAYS = (10, 20)
_DELAY_SKEW = 1.5
_DRIFTS = get_args(Drift)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What `deliver_day` wrote.

    Args:
        day: The day.
        applications: Rows that arrived on it.
        outcomes: Outcomes of earlier rows that became known on it.
        files: What was written.
    """

    day: date
    applications: int
    outcomes: int
    files: tuple[Path, ...]


def generate(
    start: date, end: date, *, seed: int = SEED, drift: Drift = "default", drift_date: date = DRIFT_DATE
) -> pd.DataFrame:
    """Make the applications of the days from `start` to `end`, both included, with their outcomes.

    About 5 rows in 1,000 break the schema, so a column of numbers may hold a text. The column `gender` is sensitive and
    in no function that decides; women are paid 4 % less, which is the only way by which it is tied to repayment.

    Args:
        start: First day.
        end: Last day.
        seed: Another seed is another stream.
        drift: What changes at `drift_date`: people and relation, nothing, people only, or relation only.
        drift_date: First day of the changed stream. More rows a day come from `DRIFT_DATE` on in any case.

    Raises:
        ConfigError: `drift` is none of the four, or the days are the wrong way round.

    >>> rows = generate(date(2025, 1, 6), date(2025, 1, 7))
    >>> rows.loc[0, ["channel", "education", "defaulted"]].tolist()
    ['phone', 'basic', 'no']
    >>> generate(date(2025, 1, 7), date(2025, 1, 7)).equals(rows.iloc[-42:].reset_index(drop=True))
    True
    """
    _judge_request(start, end, drift)
    slots = Slots.between(start, end, seed)
    draw = Uniforms.of(seed, slots.day, slots.number)
    after: Mask = slots.day >= drift_date.toordinal()
    rows = make_applications(slots, seed=seed, drifted=after & (drift in {"default", "covariate"}))
    risk = default_risk(rows, drifted=after & (drift in {"default", "concept"}))
    rows["defaulted"] = np.where(draw("default") < risk, "yes", "no").astype(object)
    rows["outcome_at"] = _settle(slots, draw)
    return spoil(rows, draw)


def applications(frame: pd.DataFrame) -> pd.DataFrame:
    """What is known of generated rows when the application is made."""
    return frame.drop(columns=list(OUTCOME_COLUMNS))


def outcomes(frame: pd.DataFrame) -> pd.DataFrame:
    """What becomes known of generated rows later, in the order in which it does."""
    found = frame[["application_id", *OUTCOME_COLUMNS]]
    return found.sort_values(["outcome_at", "application_id"], ignore_index=True)


def write_sample(folder: Path, *, seed: int = SEED) -> list[Path]:
    """Write the twelve monthly files loans_2025-01.csv to loans_2025-12.csv, outcomes included."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = generate(FIRST_DAY, LAST_DAY, seed=seed)
    written = []
    for month, part in rows.groupby(rows["applied_at"].dt.strftime("%Y-%m")):
        written.append(folder / f"loans_{month}.csv")
        _write(part, written[-1])
    return written


def deliver_day(
    day: date, *, inbox: Path, drift: str = "default", seed: int = SEED, since: date = DRIFT_DATE
) -> Delivery:
    """Write what arrives on one day: applications, and the outcomes that became known.

    Each file appears whole or not at all, and writing a day twice gives the same files. A day on which no outcome
    became known has no file of outcomes.

    Args:
        day: The day.
        inbox: The project's folder in the inbox; gets applications_YYYY-MM-DD.csv and outcomes_YYYY-MM-DD.csv.
        drift: See `generate`.
        seed: See `generate`.
        since: Only outcomes of applications from this day on are told: earlier ones were told with the sample.

    Raises:
        ConfigError: `drift` is none of the four.
    """
    first = max(since, day - timedelta(days=_DELAY_DAYS[1]))
    rows = generate(min(first, day), day, seed=seed, drift=cast("Drift", drift))
    arrived = rows.loc[rows["applied_at"] >= pd.Timestamp(day)]
    known = outcomes(rows.loc[rows["outcome_at"] == pd.Timestamp(day)])
    return Delivery(day, len(arrived), len(known), tuple(_deliver(day, inbox, applications(arrived), known)))


def _deliver(day: date, inbox: Path, arrived: pd.DataFrame, known: pd.DataFrame) -> Iterator[Path]:
    inbox.mkdir(parents=True, exist_ok=True)
    if len(known):
        _write(known, inbox / f"outcomes_{day}.csv")
        yield inbox / f"outcomes_{day}.csv"
    # Applications come last: a day counts as delivered when they are there.
    _write(arrived, inbox / f"applications_{day}.csv")
    yield inbox / f"applications_{day}.csv"


def _settle(slots: Slots, draw: Uniforms) -> npt.NDArray[np.datetime64]:
    """The day on which it is known whether a loan is repaid: 10 to 20 days later, 14 on average."""
    least, most = _DELAY_DAYS
    days = slots.day + least + ((most - least + 1) * draw("delay") ** _DELAY_SKEW).astype(np.int64)
    return (days - date(1970, 1, 1).toordinal()).astype("datetime64[D]").astype("datetime64[ns]")


def _write(rows: pd.DataFrame, path: Path) -> None:
    """Write whole numbers without a point and no seconds, under a name that nobody reads until it is done."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    if "outcome_at" in rows:
        rows = rows.assign(outcome_at=rows["outcome_at"].dt.strftime("%Y-%m-%d"))
    rows.to_csv(unfinished, index=False, float_format="%.0f", date_format="%Y-%m-%d %H:%M", lineterminator="\n")
    unfinished.replace(path)


def _judge_request(start: date, end: date, drift: str) -> None:
    if drift not in _DRIFTS:
        raise ConfigError(
            "the stream cannot drift like that",
            expected=f"one of {', '.join(_DRIFTS)}",
            got=repr(drift),
            advice="correct --drift",
        )
    if end < start:
        raise ConfigError("there are no days to make", expected=f"an end from {start} on", got=str(end))
