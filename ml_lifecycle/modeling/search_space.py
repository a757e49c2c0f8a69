"""What a hyperparameter may be: a range of numbers or a choice, as plain data.

Each family describes its own space (`estimators/`); who walks through it is `tuning`, the only module that knows the
library that does.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import TypeAlias

#: The value of one hyperparameter, as a YAML can write it.
Parameter: TypeAlias = float | int | str | bool


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`, both included.

    Args:
        low: The least value.
        high: The greatest value.
        log: Whether the logarithm is spread evenly (for what acts by its order of magnitude).
        integer: Whether only whole numbers count.

    >>> Range(8, 2)
    Traceback (most recent call last):
    ...
    ValueError: expected low <= high, got 8 and 2
    """

    low: float
    high: float
    log: bool = False
    integer: bool = False

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"expected low <= high, got {self.low} and {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"expected a positive low for a logarithmic range, got {self.low}")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few values."""

    options: tuple[Parameter, ...]

    def __post_init__(self) -> None:
        if not self.options:
            raise ValueError("expected at least one option, got none")


#: The space of a family: the name of each hyperparameter that is searched, and what it may be.
Space: TypeAlias = Mapping[str, Range | Choice]


def without(space: Space, fixed: Container[str]) -> dict[str, Range | Choice]:
    """The space without some hyperparameters, such as those that were fixed by hand.

    >>> sorted(without({"alpha": Range(0, 1), "beta": Range(0, 1)}, {"beta"}))
    ['alpha']
    """
    return {name: domain for name, domain in space.items() if name not in fixed}
