"""Metrics that take a number: how `ndcg@20`, `lift@0.05` or `quantile_loss@0.9` are read.

Which metrics there are by name lives in `metrics`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.evaluation.measures import curves as curve_measures
from ml_lifecycle.evaluation.measures import ranking as ranking_measures
from ml_lifecycle.evaluation.measures import regression as regression_measures
from ml_lifecycle.evaluation.measures.forms import Measure


@dataclass(frozen=True, slots=True)
class Family:
    """Metrics that differ in a number only.

    Args:
        prefix: What stands before the `@`.
        kinds: The kinds of problem they fit.
        greater_is_better: Whether a larger value is a better one.
        build: From the number to the computation.
        low: Smallest number.
        high: Largest number.
        default: A usual number, for messages.
        whole: Whether the number is a count.
        open: Whether the smallest and the largest number themselves are left out.
        by_row: Name of the mean metric that says how wrong a single row is; itself where empty.
    """

    prefix: str
    kinds: frozenset[Kind]
    greater_is_better: bool
    build: Callable[[float], Measure]
    low: float
    high: float
    default: str
    whole: bool = False
    open: bool = False
    by_row: str = ""

    @property
    def example(self) -> str:
        """One of them by name."""
        return f"{self.prefix}@{self.default}"

    @property
    def range(self) -> str:
        """Which numbers are allowed, in words."""
        if self.whole:
            return f"a whole number from {self.low:g}"
        return (
            f"a number {'between' if self.open else 'from'} {self.low:g} {'and' if self.open else 'to'} {self.high:g}"
        )

    def member(self, text: str) -> tuple[str, Measure]:
        """The name in its one spelling, and the computation.

        Raises:
            ConfigError: The number is none, or out of range.
        """
        try:
            number = float(int(text)) if self.whole else float(text)
        except ValueError:
            number = float("nan")
        inside = self.low < number < self.high if self.open else self.low <= number <= self.high
        if not inside:
            raise ConfigError(
                f"the metric '{self.prefix}@{text}' cannot be computed",
                expected=f"{self.range} after the @",
                got=repr(text),
                advice=f"write it such as {self.example!r}",
            )
        return f"{self.prefix}@{int(number) if self.whole else f'{number:.12g}'}", self.build(number)


#: The most rows of a query that a metric looks at.
_MANY = 1_000_000
_RANKING, _NUMBER, _BINARY = (frozenset({kind}) for kind in (Kind.RANKING, Kind.REGRESSION, Kind.BINARY))

FAMILIES = (
    Family("ndcg", _RANKING, True, lambda at: ranking_measures.ndcg(int(at)), 1, _MANY, "10", whole=True),  # noqa: FBT003
    Family("precision", _RANKING, True, lambda at: ranking_measures.precision(int(at)), 1, _MANY, "5", whole=True),  # noqa: FBT003
    Family("lift", _BINARY, True, curve_measures.lift, 0, 1, "0.1", open=True, by_row="log_loss"),  # noqa: FBT003
    Family("gain", _BINARY, True, curve_measures.gain, 0, 1, "0.1", open=True, by_row="log_loss"),  # noqa: FBT003
    Family("quantile_loss", _NUMBER, False, regression_measures.quantile_loss, 0, 1, "0.9", open=True),  # noqa: FBT003
    Family("tweedie_deviance", _NUMBER, False, regression_measures.tweedie_deviance, 1, 2, "1.5"),  # noqa: FBT003
)


def split_name(name: str) -> tuple[Family | None, str]:
    """The family of a name and its number as text; no family where the name is of none.

    A family's name without a number, such as `lift`, is of the family, with an empty number; but `precision` alone is
    the metric of classes.
    """
    prefix, _, number = name.partition("@")
    return next((family for family in FAMILIES if family.prefix == prefix), None), number
