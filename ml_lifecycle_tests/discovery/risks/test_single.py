"""A column that says too much is found; a strong one among honest ones is not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml_lifecycle.discovery.risks.power import leftover_by_others
from ml_lifecycle.discovery.risks.single import find_leaks
from ml_lifecycle.discovery.risks.wording import power_of_words
from ml_lifecycle_tests.discovery.risks.tables import people, prices, read

RANDOM = np.random.default_rng(19)


def _sure(frame: pd.DataFrame, task: str = "classification") -> list[str]:
    return [finding.name for finding in find_leaks(read(frame, task)) if finding.confidence >= 80]


def test_a_number_that_follows_from_the_class() -> None:
    """With noise that leaves little open."""
    frame = people()
    number = (frame["y"] == "yes") + RANDOM.normal(0, 0.2, len(frame))
    assert _sure(frame.assign(number=number)) == ["target_leak:number"]


def test_two_leaks_do_not_excuse_each_other() -> None:
    """Each alone would make the other look needless."""
    frame = people()
    yes = frame["y"] == "yes"
    two = {name: yes + RANDOM.normal(0, 0.15, len(frame)) for name in ("one", "two")}
    assert set(_sure(frame.assign(**two))) == {"target_leak:one", "target_leak:two"}


def test_an_amount_with_noise() -> None:
    """A tenth of its spread."""
    frame = prices()
    assert _sure(frame.assign(v=frame["y"] + RANDOM.normal(0, 0.1 * frame["y"].std(), len(frame))), "regression") == [
        "target_leak:v"
    ]


def test_a_late_name_that_says_more_than_all_others() -> None:
    """How long it took is known when it is over; the same figures under an honest name are not accused."""
    frame = people(6_000).drop(columns="income")
    took = RANDOM.gamma(2, np.where(frame["y"] == "yes", 7, 2.2))
    assert _sure(frame.assign(duration=took)) == ["target_leak:duration"]
    assert _sure(frame.assign(weight=took)) == []


def test_a_word_in_a_remark_gives_the_class_away() -> None:
    """Every text is different, and one word decides."""
    frame = people()
    words = np.where(frame["y"] == "yes", "granted", "refused")
    frame["remark"] = [f"{word} by {a} of {b}" for word, a, b in zip(words, frame["noise"], frame["age"], strict=True)]
    table = read(frame)
    assert power_of_words(table, table.columns["remark"]) > 0.95
    assert power_of_words(table, table.columns["town"]) == 0
    assert _sure(frame) == ["target_leak:remark"]


def test_only_causes_are_tied_to_other_causes_given_the_outcome() -> None:
    """What follows from the target alone leaves nothing for the others to explain."""
    frame = prices()
    table = read(frame.assign(effect=frame["y"] + RANDOM.normal(0, 300, len(frame))), "regression")
    others = {name: [column for column in table if column.name != name] for name in ("effect", "income")}
    assert leftover_by_others(table, table.columns["effect"], others["effect"]) < 0.01
    assert leftover_by_others(table, table.columns["income"], others["income"]) > 0.03
