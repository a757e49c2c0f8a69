"""How long a fit goes on: `Rounds` are the rules (early stopping, deadline), `RoundWatch` follows one fit by them.

What a killed fit goes on from is `checkpoints`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from ml_lifecycle.errors import ModelError
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.score import Score

#: What ended a fit: the most rounds, rounds without a better score, or the clock.
Stop: TypeAlias = Literal["most", "patience", "deadline"]


@dataclass(frozen=True, slots=True)
class Rounds:
    """How long a fit may go on. A round is a boosting iteration, a group of trees or a stretch of a solver.

    Args:
        most: The most rounds; at least one is always made.
        patience: Rounds without a better score after which the fit ends; never by default.
        score: Judges the validation rows; early stopping and `on_round` need it.
        deadline: Moment of `time.monotonic()` after which no further round begins.
        on_round: Told the round's number (from 1) and its score; may raise to end the fit.
        every: Rounds between two looks at the score, for families that could look after each: where a look costs as
            much as a round, that is half of the time.
    """

    most: int
    patience: int | None = None
    score: Score | None = None
    deadline: float | None = None
    on_round: Callable[[int, float], None] | None = None
    checkpoint: Path | None = None
    checkpoint_seconds: float = 60.0
    every: int = 1


class RoundWatch:
    """Follows one fit: keeps the best round, and says when to stop.

    Args:
        rounds: The rules.
        valid: The validation rows in the order that predictions come in, if there are any.
    """

    def __init__(self, rounds: Rounds, valid: Samples | None) -> None:
        self.rounds = rounds
        self.valid = valid
        self.done = 0
        self.best_round = 0
        self.best_score = math.nan
        self.last_score = math.nan
        self.stopped: Stop | None = None
        self._judged: list[tuple[int, float]] = []

    @property
    def scores(self) -> bool:
        """Whether rounds are judged at all."""
        return self.rounds.score is not None and self.valid is not None

    def is_due(self, done: int) -> bool:
        """Whether the score is to be looked at after so many rounds."""
        return self.scores and (done % self.rounds.every == 0 or done >= self.rounds.most)

    @property
    def curve(self) -> np.ndarray:
        """The score of each round, shape (rounds,), NaN for rounds between two looks; empty where none was judged."""
        if not self._judged:
            return np.empty(0)
        curve = np.full(self.done, np.nan)
        curve[[done - 1 for done, _ in self._judged]] = [value for _, value in self._judged]
        return curve

    def state(self) -> dict[str, Any]:
        """All that was noted so far, as plain JSON."""
        return {"done": self.done, "judged": self._judged}

    def restore(self, state: Mapping[str, Any], most: int | None = None) -> None:
        """Go on from what `state` gave, or from so many of its rounds; nobody is told of those rounds again."""
        self.done = int(state["done"]) if most is None else min(most, int(state["done"]))
        self._judged, self.best_round, self.best_score = [], 0, math.nan
        for done, value in state["judged"]:
            if done <= self.done:
                self._note_score(int(done), float(value))
        if not self._judged:
            self.best_round = self.done

    def score_of(self, predictions: np.ndarray) -> float:
        """The score of predictions for the validation rows.

        Raises:
            ModelError: The score is not a number.
        """
        score, valid = self.rounds.score, self.valid
        if score is None or valid is None:
            raise ValueError("expected a score and validation rows, got none")
        value = float(score(valid.y, predictions, valid.query))
        if math.isnan(value):
            raise ModelError(
                "a model cannot be judged on the validation rows",
                expected=f"a value of {score.name}",
                got=f"NaN on {len(valid.y)} rows",
                advice="see that the validation split has enough rows and more than one class",
            )
        return value

    def see(self, done: int, value: float | None) -> bool:
        """Take note of a round.

        Args:
            done: Rounds made so far.
            value: The score after it, where rounds are judged.

        Returns:
            Whether to stop.
        """
        self.done = done
        if value is not None:
            self._note_score(done, value)
            if self.rounds.on_round is not None:
                self.rounds.on_round(done, value)
        elif self.scores:
            return False  # between two looks nothing ends, so that the best round is one that was looked at
        else:
            self.best_round = done
        self.stopped = self._verdict()
        return self.stopped is not None

    def skip(self, done: int) -> bool:
        """Take note of a round that was not looked at, of a fit whose rounds are judged now and then.

        Returns:
            Whether to stop.
        """
        self.done = done
        self.stopped = self._verdict()
        return self.stopped is not None

    def _note_score(self, done: int, value: float) -> None:
        self.last_score = value
        self._judged.append((done, value))
        score = self.rounds.score
        greater = score is not None and score.greater_is_better
        better = value > self.best_score if greater else value < self.best_score
        if better or self.best_round == 0:
            self.best_round, self.best_score = done, value

    def _verdict(self) -> Stop | None:
        if self.done >= self.rounds.most:
            return "most"
        if self.rounds.patience is not None and self.done - self.best_round >= self.rounds.patience:
            return "patience"
        if self.rounds.deadline is not None and time.monotonic() >= self.rounds.deadline:
            return "deadline"
        return None
