"""The applicants of the shipped sample: who applies, with what income, home and wish, before and after the drift.

Every number is a hash of the seed, the day, the row's number and the column's name, so any day can be made without the
days before it and with any version of numpy. Whether a loan is repaid is in `sample_risk`, which rows are spoilt on
purpose in `sample_faults`, the public functions in `sample`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.dataset.rows import mix

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

CAMPAIGN_DATE: Final = date(2025, 10, 1)
"""From here on more people apply, whether or not the stream drifts: more rows a day, not other rows."""

EDUCATION: Final = ("basic", "school", "vocational", "bachelor", "master")
"""Levels of education from 0 to 4, as the functions of Agrawal et al. count them."""
EMPLOYMENT: Final = ("employed", "self_employed", "public", "retired", "student")
REGION: Final = ("north", "east", "south", "west", "capital")
CHANNEL: Final = ("branch", "phone", "web", "partner")
PURPOSE: Final = ("home", "car", "study", "business", "debt", "other")
CAR: Final = ("no_car", "small", "family", "van", "luxury")
GENDER: Final = ("female", "male")

_DAILY_ROWS = (39, 104)  # on an average day, before and from the campaign on
_WEEKDAY_ROWS = (1.15, 1.1, 1.1, 1.05, 1.1, 0.8, 0.7)
_REGULARS = 3_000  # customers who come back
_REGULAR_SHARE = 0.25
_MOST_ROWS_A_DAY = 200  # what customer numbers leave room for
_MOST_IDS_A_DAY = 1_000
_FIRST_CUSTOMER = 10_000
_FIRST_CUSTOMER_DAY = date(2025, 1, 1)

# Shares of categories before and after covariate drift.
_EDUCATION_SHARES = ((0.08, 0.30, 0.27, 0.23, 0.12), (0.08, 0.27, 0.22, 0.29, 0.14))
_EMPLOYMENT_SHARES = ((0.55, 0.13, 0.15, 0.12, 0.05), (0.57, 0.17, 0.10, 0.04, 0.12))
_REGION_SHARES = ((0.25, 0.15, 0.25, 0.20, 0.15), (0.15, 0.20, 0.20, 0.15, 0.30))
_CHANNEL_SHARES = ((0.40, 0.20, 0.35, 0.05), (0.15, 0.05, 0.45, 0.35))
_PURPOSE_SHARES = ((0.25, 0.25, 0.08, 0.10, 0.20, 0.12), (0.18, 0.25, 0.12, 0.12, 0.21, 0.12))
_CAR_SHARES = (0.22, 0.28, 0.28, 0.10, 0.12)

_AGES = (20, 76)
_RETIRED_FROM, _STUDENT_UNTIL = 55, 35
_AGE_SKEW = (1.15, 1.7)  # exponent of the uniform: the larger, the younger
_SALARY_MEDIAN = 62_000.0
_SALARY_INFLATION = 1.12  # covariate drift
_MALE_SHARE = 0.52
_PAY_GAP = 0.96  # women's salary as a share of men's: the only way by which gender is tied to repayment
_COMMISSION_BELOW = 75_000.0  # after Agrawal et al.: who earns more has no commission
_NO_COMMISSION_SHARE = 0.35
_OWNER_SHARE = 0.72
_REGION_PRICES = (0.8, 0.7, 1.0, 1.1, 1.6)
_HOME_PRICE = 240_000.0
_UNKNOWN_SHARE = 0.03


@dataclass(frozen=True, slots=True)
class Uniforms:
    """Evenly spread numbers in [0, 1): one per row and name, the same whenever they are asked for.

    Args:
        keys: (n,) uint64, one per row.
    """

    keys: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, seed: int, *numbers: Integers) -> Uniforms:
        """Spread a seed and the integers that name a row."""
        keys = np.full(numbers[0].shape, seed, dtype=np.uint64)
        for number in numbers:
            keys = mix(keys ^ mix(number.astype(np.uint64)))
        return cls(keys)

    def __call__(self, name: str) -> Floats:
        """(n,) numbers for one purpose; other names give independent numbers."""
        salt = mix(np.array([crc32(name.encode())], dtype=np.uint64))
        return (mix(self.keys ^ salt) >> np.uint64(11)).astype(np.float64) * 2.0**-53


@dataclass(frozen=True, slots=True)
class Slots:
    """Which rows there are.

    Args:
        day: (n,) ordinal of the day of the application.
        number: (n,) number of the application within its day, from 0.
    """

    day: Integers
    number: Integers

    @classmethod
    def between(cls, start: date, end: date, seed: int) -> Slots:
        """The rows of the days from `start` to `end`, both included."""
        days = np.arange(start.toordinal(), end.toordinal() + 1, dtype=np.int64)
        usual = np.where(days >= CAMPAIGN_DATE.toordinal(), _DAILY_ROWS[1], _DAILY_ROWS[0])
        weekday = np.array(_WEEKDAY_ROWS)[(days - 1) % 7]
        counts = np.rint(usual * weekday * (0.85 + 0.3 * Uniforms.of(seed, days)("rows"))).astype(np.int64)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        return cls(np.repeat(days, counts), np.arange(counts.sum(), dtype=np.int64) - first)


def make_applications(slots: Slots, *, seed: int, drifted: Mask) -> pd.DataFrame:
    """What is known of each application when it is made.

    Args:
        slots: Which rows.
        seed: Seed of the stream.
        drifted: (n,) rows that come from the population after covariate drift.
    """
    draw = Uniforms.of(seed, slots.day, slots.number)
    regular = draw("regular") < np.where(drifted, _REGULAR_SHARE / 2, _REGULAR_SHARE)
    customer = _number_customers(slots, draw, regular)
    person = Uniforms.of(seed, customer)
    changed = drifted & ~regular  # a regular customer stays who they were
    age = _ages(person("age"), changed)
    gender = np.array(GENDER, dtype=object)[(person("gender") < _MALE_SHARE).astype(int)]
    education = _choose(person("education"), _EDUCATION_SHARES, changed)
    region = _choose(person("region"), _REGION_SHARES, changed)
    salary = _salaries(draw, education, gender, drifted)
    homes = _homes(draw, person, age, region)
    return pd.DataFrame(
        {
            "application_id": _ids(slots),
            "customer_id": [f"C{number}" for number in customer],
            "applied_at": _moments(slots.day, draw("minute")),
            "age": age,
            "gender": gender,
            "education": np.array(EDUCATION, dtype=object)[education],
            "employment": _employment(draw, age, drifted),
            "region": np.array(REGION, dtype=object)[region],
            "channel": np.array(CHANNEL, dtype=object)[_choose(draw("channel"), _CHANNEL_SHARES, drifted)],
            "purpose": np.array(PURPOSE, dtype=object)[_choose(draw("purpose"), _PURPOSE_SHARES, drifted)],
            "salary": salary,
            "commission": _commissions(draw, salary),
            "car": np.array(CAR, dtype=object)[_choose(draw("car"), (_CAR_SHARES, _CAR_SHARES), drifted)],
            **homes,
            "loan_amount": (50 + 3_950 * draw("loan") ** 1.5).astype(np.int64) * 100,
        }
    )


def _ids(slots: Slots) -> Integers:
    """Nine digits: year, month, day, number of the day."""
    dates = [date.fromordinal(day) for day in np.unique(slots.day)]
    stamps = np.array([int(f"{day:%y%m%d}") for day in dates], dtype=np.int64)
    return stamps[np.searchsorted(np.unique(slots.day), slots.day)] * _MOST_IDS_A_DAY + slots.number + 1


def _number_customers(slots: Slots, draw: Uniforms, regular: Mask) -> Integers:
    returning = (draw("customer") * _REGULARS).astype(np.int64)
    new = _FIRST_CUSTOMER + (slots.day - _FIRST_CUSTOMER_DAY.toordinal()) * _MOST_ROWS_A_DAY + slots.number
    return np.where(regular, returning + 1, new)


def _moments(day: Integers, uniform: Floats) -> npt.NDArray[np.datetime64]:
    """Between 7:00 and 21:59, to the minute, in the order of the rows of a day."""
    uniform = uniform[np.lexsort((uniform, day))]
    start = (day - date(1970, 1, 1).toordinal()).astype("datetime64[D]").astype("datetime64[m]")
    moments: npt.NDArray[np.datetime64] = (
        start + (7 * 60 + (uniform * 15 * 60).astype(np.int64)).astype("timedelta64[m]")
    ).astype("datetime64[ns]")
    return moments


def _choose(uniform: Floats, shares: tuple[Sequence[float], Sequence[float]], drifted: Mask) -> Integers:
    """Codes of categories with the shares before and after the drift."""
    codes = [np.searchsorted(np.cumsum(part)[:-1], uniform, side="right") for part in shares]
    return np.where(drifted, codes[1], codes[0]).astype(np.int64)


def _bell(uniform: Floats) -> Floats:
    """A bell around 0 with deviation 1: the logistic distribution, which takes one uniform number and no table."""
    inner = np.clip(uniform, 1e-4, 1 - 1e-4)
    bell: Floats = np.log(inner / (1 - inner)) * (np.sqrt(3) / np.pi)
    return bell


def _ages(uniform: Floats, changed: Mask) -> Integers:
    skewed = uniform ** np.where(changed, _AGE_SKEW[1], _AGE_SKEW[0])
    return (_AGES[0] + (_AGES[1] - _AGES[0]) * skewed).astype(np.int64)


def _employment(draw: Uniforms, age: Integers, drifted: Mask) -> npt.NDArray[np.object_]:
    names: npt.NDArray[np.object_] = np.array(EMPLOYMENT, dtype=object)[
        _choose(draw("employment"), _EMPLOYMENT_SHARES, drifted)
    ]
    names = np.where((names == "retired") & (age < _RETIRED_FROM), "employed", names)
    names = np.where((names == "student") & (age > _STUDENT_UNTIL), "employed", names)
    names[draw("employment unknown") < _UNKNOWN_SHARE] = None
    return names


def _salaries(draw: Uniforms, education: Integers, gender: npt.NDArray[np.object_], drifted: Mask) -> Integers:
    scale = np.where(gender == "female", _PAY_GAP, 1.0) * np.where(drifted, _SALARY_INFLATION, 1.0)
    salary = _SALARY_MEDIAN * np.exp(0.42 * _bell(draw("salary")) + 0.05 * (education - 2)) * scale
    rounded: Integers = (np.clip(salary, 12_000, 300_000) / 100).astype(np.int64) * 100
    return rounded


def _commissions(draw: Uniforms, salary: Integers) -> Floats:
    """None for high salaries, after Agrawal et al.; and a share of the others is not known."""
    amount = np.round(10_000 + 40_000 * draw("commission"), -2)
    none = (
        (salary >= _COMMISSION_BELOW)
        | (draw("no commission") < _NO_COMMISSION_SHARE)
        | (draw("commission unknown") < _UNKNOWN_SHARE)
    )
    return np.where(none, np.nan, amount)


def _homes(draw: Uniforms, person: Uniforms, age: Integers, region: Integers) -> dict[str, Floats]:
    """Value of the home by region and the years it was owned; both missing for tenants."""
    owner = person("owner") < _OWNER_SHARE
    value = np.round(_HOME_PRICE * np.array(_REGION_PRICES)[region] * (0.5 + person("home value")), -3)
    years = 1 + np.floor(np.minimum(29.0, age - 19.0) * draw("home years"))
    return {"home_value": np.where(owner, value, np.nan), "home_years": np.where(owner, years, np.nan)}
