"""`Finding`: one known mistake at one line, with how sure it is. How it is found lives in the module of its rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

#: Confidence from which a finding is shown unless all are asked for.
SHOWN_FROM: Final = 80


class Rule(StrEnum):
    """What is looked for."""

    TEST_IN_TUNING = "test_in_tuning"
    FIT_OUTSIDE_FOLD = "fit_outside_fold"
    TARGET_IN_FEATURES = "target_in_features"
    RANDOM_SPLIT = "random_split"
    HIDDEN_IMBALANCE = "hidden_imbalance"
    NO_SEED = "no_seed"
    REFIT_AT_SCORING = "refit_at_scoring"
    GATE_OFF = "gate_off"
    SERVING_DIFFERENCE = "serving_difference"
    UNPINNED_PACKAGES = "unpinned_packages"
    UNREADABLE = "unreadable"
    """Not a mistake of learning: a file that could not be looked at."""


class Meaning(NamedTuple):
    """What every finding of a rule has in common."""

    why: str
    advice: str


MEANINGS: Final[Mapping[Rule, Meaning]] = {
    Rule.TEST_IN_TUNING: Meaning(
        "What is chosen on the test rows fits them by chance, so the test figure promises more than comes.",
        "choose on a validation split or on folds of the training rows, and look at the test rows once, at the end",
    ),
    Rule.FIT_OUTSIDE_FOLD: Meaning(
        "Statistics of rows that are to judge the model get into what it learns from; the figure is too good.",
        "split first and fit on the training rows only, best inside a Pipeline; in the YAML `features.columns` does so",
    ),
    Rule.TARGET_IN_FEATURES: Meaning(
        "The model reads the answer; it is not there when a prediction is needed.",
        "take the column out of the features (`dataset.drop` or `features.exclude` in the YAML)",
    ),
    Rule.RANDOM_SPLIT: Meaning(
        "Rows of the same time or group land on both sides, so the test asks what was taught.",
        "split by time, or keep groups together (`dataset.split.method: time` or `group`)",
    ),
    Rule.HIDDEN_IMBALANCE: Meaning(
        "Where one class is rare, always answering the other one scores high.",
        "judge by pr_auc, recall, f1, mcc or balanced_accuracy, or by `brief.costs`",
    ),
    Rule.NO_SEED: Meaning(
        "Two runs differ by chance, so a change cannot be told from luck and a result cannot be repeated.",
        "give it a seed (`random_state=0`, `np.random.default_rng(0)`)",
    ),
    Rule.REFIT_AT_SCORING: Meaning(
        "Each batch is then measured by its own scale, which is not the one that the model was taught with.",
        "fit once on the training rows, keep what was fitted with the model, and only apply it here",
    ),
    Rule.GATE_OFF: Meaning(
        "A gate that lets everything pass says that a model was judged when it was not.",
        "set a limit that a bad model misses, or write down why none is wanted",
    ),
    Rule.SERVING_DIFFERENCE: Meaning(
        "The same row then gives other features when it is scored than when it was learnt from.",
        "compute from the row's own columns only; take moments from `dataset.event_time`, the past from "
        "`features.history`, further tables from `dataset.joins`",
    ),
    Rule.UNPINNED_PACKAGES: Meaning(
        "The next installation may take another version, and the model another behaviour.",
        "pin it (`name==1.2.3`), or bound it and keep a lock file beside it",
    ),
    Rule.UNREADABLE: Meaning("What cannot be read was not reviewed.", "mend the file, and review again"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody should look at.

    Args:
        rule: Which mistake.
        path: The file.
        line: The line, from 1.
        confidence: How sure it is, 0 to 100; a name alone is worth less than a value that is seen to flow.
        what: What is wrong here, in one sentence without a full stop.
        accepted: Why a person lives with it, as a comment on its line says; empty where none does.
    """

    rule: Rule
    path: Path
    line: int
    confidence: int
    what: str
    accepted: str = ""

    @property
    def why(self) -> str:
        """Why it matters."""
        return MEANINGS[self.rule].why

    @property
    def advice(self) -> str:
        """What to do about it."""
        return MEANINGS[self.rule].advice

    @property
    def shown(self) -> bool:
        """Whether it is sure enough to be shown, and nobody has accepted it."""
        return self.confidence >= SHOWN_FROM and not self.accepted

    def to_dict(self) -> dict[str, object]:
        """Plain JSON."""
        return {
            "rule": str(self.rule),
            "file": str(self.path),
            "line": self.line,
            "confidence": self.confidence,
            "what": self.what,
            "why": self.why,
            "advice": self.advice,
            "accepted": self.accepted,
        }
