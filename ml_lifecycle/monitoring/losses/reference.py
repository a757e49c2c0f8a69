"""`LossReference`: what a model's loss was on rows that it was not fitted on; packaged with it as plain JSON.

How it is learnt lives in `fitting`, what is said of a window with its help in `estimate`, `attribution` and `slices`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import nan
from typing import Any, Self, TypeAlias

import numpy as np
import orjson

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import PackageError
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.monitoring.detectors.blocks import Blocks
from ml_lifecycle.monitoring.losses.additive import AdditiveLoss
from ml_lifecycle.monitoring.losses.cells import ColumnCells, with_prediction
from ml_lifecycle.monitoring.losses.rows import foreseen_of_probabilities
from ml_lifecycle.monitoring.losses.slices import SliceLevel

_FORMAT = 1
#: A gap between sensitive groups: column, measure, how large it is.
Gap: TypeAlias = tuple[str, str, float]


@dataclass(frozen=True, slots=True)
class Tested:
    """The test split, which nothing was chosen on.

    Args:
        rows: Rows (in ranking queries) with a loss.
        mean: Their mean loss.
        foreseen: Mean of what was foreseen of them by a model of the loss that had not seen them; NaN without one.
        variance: Mean variance of their loss about what is foreseen, or about its mean without that.
    """

    rows: int
    mean: float
    foreseen: float
    variance: float


@dataclass(frozen=True, slots=True)
class Excess:
    """How far losses lay above what was foreseen of each row (above nothing where nothing is), on the test split.

    Args:
        low: Where it is cut off below.
        high: Where it is cut off above.
        mean: Its mean, on the scale from `low` (0) to `high` (1).
        std: Its standard deviation on that scale.
        rows: Rows of the test split.
    """

    low: float
    high: float
    mean: float
    std: float
    rows: int

    def scale(self, values: np.ndarray) -> np.ndarray:
        """Bring others to the scale from 0 to 1; what lies outside is cut off."""
        width = self.high - self.low
        return np.clip((values - self.low) / width, 0, 1) if width > 0 else np.where(np.isnan(values), nan, 0.5)

    def blocks(self, most: int) -> Blocks:
        """The test split as the detectors see it, as if it had at most so many rows."""
        return Blocks.level(self.mean, self.std, min(self.rows, most))


@dataclass(frozen=True, slots=True)
class LossReference:
    """What a model's loss was.

    Args:
        metric: The primary metric that it belongs to.
        loss: Name of the metric whose mean is the loss.
        tested: The test split.
        excess: Losses above what was foreseen.
        cells: Cells of each input.
        shares: Share of the rows in each cell, per column.
        means: Mean loss of each cell, per column; the mean of all where a cell is empty.
        rows: Rows behind them.
        model: What foresees the loss of a number, by the cells and the prediction; None for other kinds.
        prediction: Cells of the prediction, where there is a model and it does not always predict the same.
        slices: The primary metric in slices of the test split.
        gaps: Gaps between sensitive groups on the test split.
    """

    metric: str
    loss: str
    tested: Tested
    excess: Excess
    cells: tuple[ColumnCells, ...]
    shares: tuple[tuple[float, ...], ...]
    means: tuple[tuple[float, ...], ...]
    rows: int
    model: AdditiveLoss | None = None
    prediction: ColumnCells | None = None
    slices: tuple[SliceLevel, ...] = ()
    gaps: tuple[Gap, ...] = ()

    def foresee(self, predictions: np.ndarray, codes: np.ndarray, kind: Kind, loss: Metric) -> np.ndarray | None:
        """The loss that each row lets expect, shape (n,); None where nothing foresees it.

        Args:
            predictions: Shape (n,) or (n, k).
            codes: The cell of each row in each column, shape (n, columns).
            kind: Kind of the target.
            loss: The metric of the loss.
        """
        if self.model is None:
            return foreseen_of_probabilities(loss, kind, predictions)
        return self.model.foresee(with_prediction(codes, self.prediction, predictions))

    def to_bytes(self) -> bytes:
        """Write compact JSON."""
        return orjson.dumps({"format": _FORMAT, **asdict(self)})

    @classmethod
    def from_bytes(cls, text: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises:
            PackageError: It is no such reference, or of a format that is not known here.
        """
        try:
            item: dict[str, Any] = orjson.loads(text)
            if item.pop("format") != _FORMAT:
                raise _unknown("another format")
            plain = {name: item[name] for name in ("metric", "loss", "rows")}
            return cls(
                **plain,
                tested=_read_tested(item["tested"]),
                excess=Excess(**item["excess"]),
                cells=tuple(ColumnCells.from_dict(cells) for cells in item["cells"]),
                shares=tuple(map(tuple, item["shares"])),
                means=tuple(map(tuple, item["means"])),
                model=None if item["model"] is None else AdditiveLoss.from_dict(item["model"]),
                prediction=None if item["prediction"] is None else ColumnCells.from_dict(item["prediction"]),
                slices=tuple(SliceLevel.from_dict(level) for level in item["slices"]),
                gaps=tuple((column, measure, gap) for column, measure, gap in item["gaps"]),
            )
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise _unknown(f"{type(error).__name__}: {error}") from error


def _read_tested(item: dict[str, Any]) -> Tested:
    figures = (nan if item[key] is None else float(item[key]) for key in ("mean", "foreseen", "variance"))
    return Tested(int(item["rows"]), *figures)


def _unknown(got: str) -> PackageError:
    return PackageError(
        "the reference of losses cannot be read",
        expected=f"JSON of format {_FORMAT}",
        got=got,
        advice="train the model again, its package gets a new one",
    )
