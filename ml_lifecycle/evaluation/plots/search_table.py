"""The trials of a search as columns that can be drawn, and which hyperparameters mattered in them.

The pictures are `searches`; the search itself is `modeling/tuning`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

#: Fewer complete trials say nothing of which hyperparameters matter.
FEWEST_TRIALS = 5
#: A range this many times its low end is searched, and drawn, by orders of magnitude.
_WIDE = 50.0
_TREES = 32
_SHUFFLES = 8
COLUMNS = ("parameter", "share")


@dataclass(frozen=True, slots=True)
class Searched:
    """One hyperparameter over trials.

    Args:
        name: Its name.
        codes: Numbers: as they are, or their logarithm to base 10; categories: their place; NaN where a trial did not
            have it. Shape (trials,).
        labels: Categories in the order of their places; empty for numbers.
        log: Whether the codes are logarithms.
    """

    name: str
    codes: np.ndarray
    labels: tuple[str, ...] = ()
    log: bool = False

    @classmethod
    def of(cls, name: str, values: Sequence[object]) -> Self:
        """Gather the values of all trials; None where a trial did not have it."""
        numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
        known = [value for value in values if value is not None]
        if len(numbers) < len(known):
            labels = tuple(sorted({str(value) for value in known}))
            places = {label: float(place) for place, label in enumerate(labels)}
            return cls(name, np.array([np.nan if v is None else places[str(v)] for v in values]), labels)
        codes = np.array([np.nan if value is None else float(str(value)) for value in values])
        low, high = (min(numbers), max(numbers)) if numbers else (0, 0)
        log = low > 0 and high >= _WIDE * low
        return cls(name, np.log10(codes) if log else codes, log=log)

    @property
    def varies(self) -> bool:
        """Whether trials differ in it."""
        return len(np.unique(self.codes[~np.isnan(self.codes)])) > 1


def read_parameters(trials: pd.DataFrame) -> list[Searched]:
    """The hyperparameters that differ between trials, in the order in which they first occur."""
    found = [json.loads(text) for text in trials["params"]]
    names = list(dict.fromkeys(name for params in found for name in params))
    searched = (Searched.of(name, [params.get(name) for params in found]) for name in names)
    return [item for item in searched if item.varies]


def complete_trials(trials: pd.DataFrame) -> pd.DataFrame:
    """The trials with a value that can be compared: complete ones, on as many rows as any had."""
    done: pd.DataFrame = trials[(trials["state"] == "complete") & np.isfinite(trials["value"])]
    if "rows" in done.columns and len(done):
        done = done[done["rows"] == done["rows"].max()]
    return done


def parameter_importance(trials: pd.DataFrame) -> pd.DataFrame:
    """Share of each hyperparameter in how trials differ: `parameter` and `share`, the greatest first.

    A random forest learns the rank of a trial from its hyperparameters; a share is what shuffling one of them costs the
    forest (permutation importance, Breiman 2001). That is the idea of functional ANOVA (Hutter et al. 2014) without its
    integrals. With few trials, and with a sampler that soon keeps to good values, it is a hint: what was hardly varied
    looks unimportant. Empty where there are fewer than `FEWEST_TRIALS` complete trials, or all are equally good.

    Args:
        trials: The trials of a search.
    """
    from sklearn.ensemble import RandomForestRegressor

    done = complete_trials(trials)
    searched = read_parameters(done)
    ranks = done["value"].rank().to_numpy()
    if len(done) < FEWEST_TRIALS or not searched or np.ptp(ranks) == 0:
        return pd.DataFrame({"parameter": pd.Series(dtype=str), "share": pd.Series(dtype=float)})
    columns = np.column_stack([item.codes for item in searched])
    forest = RandomForestRegressor(_TREES, random_state=0, n_jobs=1).fit(columns, ranks)
    rng = np.random.default_rng(0)
    shuffled = np.concatenate(
        [_shuffle(columns, place, rng) for place in range(len(searched)) for _ in range(_SHUFFLES)]
    )
    changed = (forest.predict(shuffled).reshape(len(searched), _SHUFFLES, -1) - forest.predict(columns)) ** 2
    loss = changed.mean(axis=(1, 2))
    shares = loss / loss.sum() if loss.sum() > 0 else loss
    table = pd.DataFrame(list(zip([item.name for item in searched], shares, strict=True)), columns=[*COLUMNS])
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def _shuffle(columns: np.ndarray, place: int, rng: np.random.Generator) -> np.ndarray:
    changed = columns.copy()
    changed[:, place] = rng.permutation(changed[:, place])
    return changed
