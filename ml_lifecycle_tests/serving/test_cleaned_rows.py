"""Tests of serving rows that are cleaned first: a package carries what its project declares."""

from pathlib import Path

import pandas as pd
import pytest

from ml_lifecycle.config.cleaning import CleaningConfig
from ml_lifecycle.dataset.cleaning import Cleaner
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.release.packaging import Package, load_package
from ml_lifecycle.serving.scoring import Scorer
from ml_lifecycle_tests.release import tiny

CLEANING = CleaningConfig.model_validate(
    {
        "duplicates": {"method": "exact"},
        "missing_values": {"income": ["?", 999]},
        "units": {"income": {"strip": ["$"], "factor": 0.001}},
        "outliers": {"age": {"low": 0, "high": 100}, "income": {"high": 90, "action": "clip"}},
    }
)
#: As they come, and what the model must see of them.
ROWS = [
    ({"income": "$50000", "age": 40, "city": "Riga"}, {"income": 50.0, "age": 40, "city": "Riga"}),
    ({"income": "?", "age": 40, "city": "Riga"}, {"income": None, "age": 40, "city": "Riga"}),
    ({"income": 200_000, "age": 40, "city": "Riga"}, {"income": 90.0, "age": 40, "city": "Riga"}),
]


@pytest.fixture
def cleaning(tmp_path: Path) -> Package:
    """A package of a project that declares cleaning, as it is read from its folder."""
    tiny.write(tmp_path / "package", cleaner=Cleaner(CLEANING))
    return load_package(tmp_path / "package")


def test_a_row_is_scored_as_if_it_had_come_clean(cleaning: Package, tmp_path: Path) -> None:
    """One by one and in a frame."""
    plain = Scorer(tiny.package(tmp_path / "plain"))
    came, clean = ([pair[side] for pair in ROWS] for side in (0, 1))
    answers = Scorer(cleaning).score_rows(came)
    assert [answer.score for answer in answers] == [answer.score for answer in plain.score_rows(clean)]
    frame = pd.DataFrame(came, dtype=object).assign(**{ROW_ID: range(len(came))})
    scored = Scorer(cleaning).score_frame(frame)
    assert scored.scores.tolist() == [answer.score for answer in answers]
    assert scored.good["income"].tolist() == [row["income"] for row in came]
    typed = cleaning.read(scored.good)
    assert typed["income"].fillna(-1).tolist() == [50.0, -1.0, 90.0]


def test_equal_rows_are_two_questions(cleaning: Package) -> None:
    """Taking out duplicates is a matter of tables that are learnt from."""
    frame = pd.DataFrame([ROWS[0][0]] * 2, dtype=object).assign(**{ROW_ID: [1, 2]})
    assert len(Scorer(cleaning).score_frame(frame).good) == 2


def test_an_outlier_is_refused_with_its_reason(cleaning: Package) -> None:
    """In both ways of scoring, as it would have gone to quarantine in training."""
    row = {"income": "$50000", "age": 180, "city": "Riga"}
    (answer,) = Scorer(cleaning).score_rows([row])
    assert ("age", "outlier") in {(failure.column, failure.check) for failure in answer.failures}
    frame = pd.DataFrame([row], dtype=object).assign(**{ROW_ID: [7]})
    rejected = Scorer(cleaning).score_frame(frame).rejected
    assert ("age", "outlier") in set(zip(rejected["column"], rejected["check"], strict=True))


def test_a_project_without_cleaning_ships_none(tmp_path: Path) -> None:
    """The package of before stays what it was."""
    tiny.write(tmp_path / "package", cleaner=Cleaner(CleaningConfig()))
    assert not (tmp_path / "package" / "cleaning.json").exists()
    assert load_package(tmp_path / "package").cleaner.idle
