"""`Scorer`: rows in, an answer or an error for each of them out. The same for a server and for a batch.

What an answer consists of lives in `release/answers`, what rows must be in `dataset/schema`, HTTP in `app`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from ml_lifecycle.dataset.cell_rows import CellRows
from ml_lifecycle.dataset.reading import CleanReader
from ml_lifecycle.dataset.row_checks import Failure
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.errors import DataError
from ml_lifecycle.modeling.predictor import Prediction
from ml_lifecycle.release.answers import answer_row, answer_rows, answer_table
from ml_lifecycle.release.packaging import Package
from ml_lifecycle.serving.live_history import LiveHistory, complete_in_order

if TYPE_CHECKING:
    from ml_lifecycle.serving.stored_features import StoredFeatures

#: From so many rows on, one frame is quicker than row after row.
_FRAME_ROWS: Final = 16
#: What the check is called when the model itself cannot use a row that the schema has let pass.
UNUSABLE: Final = "unusable"


class Answer(NamedTuple):
    """What is said of one row; a tuple, since a thousand of them are made for a large request.

    Args:
        output: The answer; None where the row is bad.
        score: The prediction as the model gave it: the probability of the positive class, those of all classes, or the
            number.
        failures: What is wrong with the row; empty for a good one.
        history: The history columns that the model was given, for the log: they cannot be made again later; None where
            the model does not look back.
        typed: Where the model looks back, the row as it was read, to be learnt from.
        completed: Where rows are completed from the online store, the row with what was looked up, for the log.
    """

    output: Mapping[str, Any] | None
    score: float | Sequence[float] | None
    failures: Sequence[Failure]
    history: Mapping[str, Any] | None = None
    typed: Mapping[str, Any] | None = None
    completed: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """One row as it was read, and what is wrong with it."""

    typed: Mapping[str, Any]
    failures: Sequence[Failure]
    history: Mapping[str, Any] | None = None
    completed: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """What is said of a frame; every row is in one of the two tables.

    Args:
        good: The rows that keep the schema, as they came.
        answers: Their answers, in the same order.
        scores: Their predictions as the model gave them, (n,) or (n, k).
        rejected: One row for each failure of the others: `_row_id`, column, check, value.
        history: The history columns that the model was given for the good rows; no columns where it does not look back.
    """

    good: pd.DataFrame
    answers: pd.DataFrame
    scores: np.ndarray
    rejected: pd.DataFrame
    history: pd.DataFrame = field(default_factory=pd.DataFrame)


class Scorer:
    """Scores rows with a package.

    Where the model looks back, rows are completed with history before it sees them: a history column that a row brings
    is taken as it is, the others are looked up by the row's entity and event time. A row of an entity that is not known
    has missing history and is answered. What is known beyond the package is said in `live_history`.

    Args:
        package: The package.
        stored: Completes single rows with columns that they do not bring.
    """

    def __init__(self, package: Package, stored: StoredFeatures | None = None) -> None:
        self.package = package
        self._stored = stored
        self._reader = CleanReader(package.cleaner, package.schema)
        self._columns = package.inputs
        self._history = None if package.history is None else LiveHistory(package.history)
        self._target = package.predictor.target
        self._decision = package.decision
        self._quickening: Thread | None = None

    @property
    def threadable(self) -> bool:
        """Whether rows may be scored in a thread while others are; not where rows look back or are completed."""
        return self._history is None and self._stored is None

    def score_rows(self, rows: Sequence[object]) -> list[Answer]:
        """Answer each of several rows; a bad one has its errors in its place.

        Args:
            rows: Each a mapping of column to value; columns that the model does not read are ignored.
        """
        if len(rows) >= _FRAME_ROWS and self.threadable and (answers := self._answer_together(rows)) is not None:
            return answers
        read = [self._read(row) for row in rows]
        good = [place for place, item in enumerate(read) if not item.failures]
        if len(good) < _FRAME_ROWS:
            return [self._answer(item) for item in read]
        typed = [read[place].typed for place in good]
        frame = pd.DataFrame.from_records(typed, columns=list(self._columns))
        try:
            predicted = self.package.predictor.predict_both(frame)
        except DataError:  # one of them is to blame: which one, each says for itself
            return [self._answer(item) for item in read]
        scored = dict(zip(good, predicted.one_by_one(), strict=True))
        return [
            self._complete(item, scored[place]) if place in scored else self._answer(item)
            for place, item in enumerate(read)
        ]

    def features_of(self, row: object) -> np.ndarray:
        """The features that the model is given of a row, float32 of shape (f,).

        Raises:
            DataError: The model cannot use the row.
        """
        return self.package.predictor.extractor.transform_row(self._read(row).typed)

    def learn(self, answers: Sequence[Answer]) -> None:
        """Let later rows look back on rows that were answered; of a model that does not look back, nothing."""
        if self._history is not None:
            self._history.learn([answer.typed for answer in answers if answer.typed is not None])

    def score_frame(self, frame: pd.DataFrame, *, in_order: bool = False) -> ScoredRows:
        """Score all rows of a frame that keep the schema, with the history of the package.

        Args:
            frame: Rows with `_row_id`; an absent column fails every row.
            in_order: Where the model looks back: whether rows see earlier ones of the same frame. Otherwise each is
                scored as if it came alone.

        Raises:
            DataError: The model cannot use a row that keeps the schema.
        """
        unread = self.package.unread
        inspected = self._reader.inspect(frame, without=unread, wholesale=1.0)
        rejected = inspected.failures
        if inspected.column_failures:  # a column that is absent, or that cannot be judged, fails every row
            rejected = self._reader.validate(frame, without=unread)
        bad = frame[ROW_ID].isin(rejected[ROW_ID]).to_numpy()
        typed = self._completed(inspected.frame.loc[~bad], in_order=in_order)
        predicted = self.package.predictor.predict_both(typed)
        answers = answer_table(self._target, predicted, self._decision, typed)
        history = typed[list(self.package.history_columns)].reset_index(drop=True)
        return ScoredRows(frame.loc[~bad].reset_index(drop=True), answers, predicted.predictions, rejected, history)

    def _answer_together(self, rows: Sequence[object]) -> list[Answer] | None:
        """Answers of rows that are all good, which is by far the most frequent; None where one of them is not."""
        plain = rows if isinstance(rows, CellRows) else [row for row in rows if type(row) is dict]
        if len(plain) < len(rows):
            return None
        typed = self._reader.read_table(plain, self._columns, without=self.package.unread)
        if typed is None:
            return None
        self._quicken()
        try:
            predicted = self.package.predictor.predict_both(typed)
        except DataError:
            return None
        outputs = answer_rows(self._target, predicted, self._decision, typed)
        scores = predicted.predictions.tolist()
        return [Answer(output, score, ()) for output, score in zip(outputs, scores, strict=True)]

    def _quicken(self) -> None:
        """Many rows have come, so more may: prepare the model for them beside the requests, once."""
        if self._quickening is None:
            self._quickening = Thread(target=self.package.predictor.model.quicken, name="quicken", daemon=True)
            self._quickening.start()

    def _completed(self, rows: pd.DataFrame, *, in_order: bool) -> pd.DataFrame:
        """The model's input columns of rows of the schema's types."""
        state, columns = self.package.history, self.package.history_columns
        wanted = [name for name in self._columns if name not in columns or name in rows.columns]
        typed = rows.reindex(columns=wanted)
        return complete_in_order(state, columns, typed) if in_order and state else self.package.complete(typed)

    def _read(self, row: object) -> _Read:
        if not isinstance(row, Mapping):
            said = f"{row!r:.80}"
            return _Read({}, [Failure("", "row", said)])
        completed = None
        if self._stored is not None:
            came, row = row, self._stored.complete(row)
            completed = None if row is came else row
        reading = self._reader.read_row(row, without=self.package.unread)
        typed = {name: reading.cells[name] for name in self._columns if name in reading.cells}
        read = _Read(typed, reading.failures, completed=completed)
        return self._look_back(read) if self._history is not None else read

    def _look_back(self, read: _Read) -> _Read:
        """The row with its history, which a bad one does not need."""
        columns = self.package.history_columns
        if read.failures or self._history is None:
            return read
        try:
            typed = self._history.complete_row(columns, read.typed)
        except DataError as error:
            return _Read(read.typed, [Failure("", UNUSABLE, str(error))])
        return _Read(typed, (), {name: typed[name] for name in columns}, read.completed)

    def _answer(self, read: _Read) -> Answer:
        if read.failures:
            return Answer(None, None, read.failures)
        try:
            predicted = self.package.predictor.predict_row_both(read.typed)
        except DataError as error:
            return Answer(None, None, [Failure("", UNUSABLE, str(error))])
        return self._complete(read, predicted)

    def _complete(self, read: _Read, predicted: Prediction) -> Answer:
        output = answer_row(self._target, predicted, self._decision, read.typed)
        score = predicted.prediction
        plain = score.tolist() if isinstance(score, np.ndarray) else float(score)
        typed = read.typed if read.history is not None else None
        return Answer(output, plain, (), read.history, typed, read.completed)
