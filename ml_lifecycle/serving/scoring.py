"""`Scorer`: rows in, an answer or an error for each of them out. The same for a server and for a batch.

What an answer consists of lives in `release/answers`, what rows must be in `dataset/schema`, HTTP in `app`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from ml_lifecycle.dataset.row_checks import Failure
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.errors import DataError
from ml_lifecycle.release.answers import answer_row, answer_table
from ml_lifecycle.release.packaging import Package

#: From so many rows on, one frame is quicker than row after row.
_FRAME_ROWS: Final = 16
#: What the check is called when the model itself cannot use a row that the schema has let pass.
UNUSABLE: Final = "unusable"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one row.

    Args:
        cells: The model's input columns as they were read.
        output: The answer; None where the row is bad.
        score: The prediction as the model gave it: the probability of the positive class, those of all classes, or the
            number.
        failures: What is wrong with the row; empty for a good one.
    """

    cells: Mapping[str, Any]
    output: Mapping[str, Any] | None
    score: float | Sequence[float] | None
    failures: Sequence[Failure]


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """What is said of a frame; every row is in one of the two tables.

    Args:
        good: The rows that keep the schema, as they came.
        answers: Their answers, in the same order.
        scores: Their predictions as the model gave them, (n,) or (n, k).
        rejected: One row for each failure of the others: `_row_id`, column, check, value.
    """

    good: pd.DataFrame
    answers: pd.DataFrame
    scores: np.ndarray
    rejected: pd.DataFrame


class Scorer:
    """Scores rows with a package.

    Args:
        package: The package.
    """

    def __init__(self, package: Package) -> None:
        self.package = package
        self._columns = package.manifest.columns
        self._target = package.predictor.target
        self._threshold = package.manifest.threshold

    def score_rows(self, rows: Sequence[object]) -> list[Answer]:
        """Answer each of several rows; a bad one has its errors in its place.

        Args:
            rows: Each a mapping of column to value; columns that the model does not read are ignored.
        """
        read = [self._read(row) for row in rows]
        good = [place for place, answer in enumerate(read) if not answer.failures]
        if len(good) < _FRAME_ROWS:
            return [answer if answer.failures else self._answer(answer.cells) for answer in read]
        frame = pd.DataFrame.from_records([read[place].cells for place in good], columns=list(self._columns))
        try:
            scores = self.package.predictor.predict(frame)
        except DataError:  # one of them is to blame: which one, each says for itself
            return [answer if answer.failures else self._answer(answer.cells) for answer in read]
        for place, score in zip(good, scores, strict=True):
            read[place] = self._complete(read[place].cells, score)
        return read

    def score_frame(self, frame: pd.DataFrame) -> ScoredRows:
        """Score all rows of a frame that keep the schema.

        Args:
            frame: Rows with `_row_id`; an absent column fails every row.

        Raises:
            DataError: The model cannot use a row that keeps the schema.
        """
        schema = self.package.schema
        inspected = schema.inspect(frame, without=self.package.unread, wholesale=1.0)
        rejected = inspected.failures
        if inspected.column_failures:  # a column that is absent, or that cannot be judged, fails every row
            rejected = schema.validate(frame, without=self.package.unread)
        bad = frame[ROW_ID].isin(rejected[ROW_ID]).to_numpy()
        scores = self.package.predictor.predict(inspected.frame.loc[~bad].reindex(columns=list(self._columns)))
        answers = answer_table(self._target, scores, self._threshold)
        return ScoredRows(frame.loc[~bad].reset_index(drop=True), answers, scores, rejected)

    def _read(self, row: object) -> Answer:
        if not isinstance(row, Mapping):
            said = f"{row!r:.80}"
            return Answer({}, None, None, [Failure("", "row", said)])
        reading = self.package.schema.read_row(row, without=self.package.unread)
        cells = {name: reading.cells[name] for name in self._columns if name in reading.cells}
        return Answer(cells, None, None, reading.failures)

    def _answer(self, cells: Mapping[str, Any]) -> Answer:
        try:
            score = self.package.predictor.predict_row(cells)
        except DataError as error:
            return Answer(cells, None, None, [Failure("", UNUSABLE, str(error))])
        return self._complete(cells, score)

    def _complete(self, cells: Mapping[str, Any], score: float | np.ndarray) -> Answer:
        output = answer_row(self._target, score, self._threshold)
        plain = score.tolist() if isinstance(score, np.ndarray) else float(score)
        return Answer(cells, output, plain, ())
