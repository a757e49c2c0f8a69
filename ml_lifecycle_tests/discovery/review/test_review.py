"""Tests of `ml_lifecycle.discovery.review.review`: the examples, lines, and files that cannot be read."""

from pathlib import Path

import pytest
import yaml

from ml_lifecycle.config.loading import build_project
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.discovery.review.finding import Rule
from ml_lifecycle.discovery.review.review import review_project
from ml_lifecycle.errors import ConfigError
from ml_lifecycle_tests.benchmarks.review import Example, examples, is_right, review

_YAML = """
type: ml_lifecycle.LifecycleComponent
attributes:
  brief: {problem: who leaves, task: classification, target: churned}
  dataset:
    sources: [{path: customers.csv}]
    event_time: day
    split:
      method: random
  features:
    functions: [own.made:rate]
"""
_FUNCTION = """
from ml_lifecycle.features.derived.functions import reads


@reads("spent", "churned")
def rate(frame):
    return (frame["spent"] / frame["spent"].max()).rename("rate")
"""


@pytest.fixture
def project(tmp_path: Path) -> ProjectConfig:
    """A project with a split by chance and a feature function."""
    folder = tmp_path / "shop" / "defs" / "churn"
    (tmp_path / "own").mkdir(parents=True)
    folder.mkdir(parents=True)
    (tmp_path / "own" / "__init__.py").touch()
    (tmp_path / "own" / "made.py").write_text(_FUNCTION, encoding="utf-8")
    (folder / "defs.yaml").write_text(_YAML, encoding="utf-8")
    return build_project(yaml.safe_load(_YAML)["attributes"], name="churn", folder=folder, root=tmp_path)


@pytest.mark.parametrize("chosen", ["first", "held_out"])
def test_all_mistakes_of_the_examples_are_found_and_nothing_else(chosen: str) -> None:
    """Each bad example by its own rule at 80 or more; in a good one nothing at all."""
    all_of_them = examples(chosen)
    assert sum(example.bad for example in all_of_them) >= 30
    assert sum(not example.bad for example in all_of_them) >= 30

    def wrong(example: Example) -> bool:
        return not is_right(example, review(example))

    assert [example.name for example in all_of_them if wrong(example)] == []


def test_findings_name_the_line_of_yaml_and_of_the_function_it_names(project: ProjectConfig) -> None:
    """The function is found without importing it; what it reads and what it computes are two findings."""
    found = {(finding.path.name, finding.line, finding.rule) for finding in review_project(project).shown}
    assert found == {
        ("defs.yaml", 9, Rule.RANDOM_SPLIT),
        ("made.py", 5, Rule.TARGET_IN_FEATURES),
        ("made.py", 7, Rule.SERVING_DIFFERENCE),
    }


def test_a_comment_with_a_reason_accepts_a_finding(project: ProjectConfig) -> None:
    """It is still among all findings, with the reason; a comment without one accepts nothing."""
    path = project.folder / "defs.yaml"
    path.write_text(_YAML.replace("method: random", "method: random # review: accept random_split, rows are shuffled"))
    (accepted,) = [item for item in review_project(project).findings if item.rule is Rule.RANDOM_SPLIT]
    assert accepted.accepted == "rows are shuffled"
    assert not accepted.shown
    path.write_text(_YAML.replace("method: random", "method: random # review: accept random_split"))
    assert any(item.rule is Rule.RANDOM_SPLIT for item in review_project(project).shown)


@pytest.mark.parametrize(
    ("content", "said"), [(b"def broken(:\n", "no Python"), (b"x = '\xff'\n", ""), (b"x = 1\0\n", "")]
)
def test_code_that_cannot_be_parsed_is_a_finding_and_the_rest_is_reviewed(
    project: ProjectConfig, tmp_path: Path, content: bytes, said: str
) -> None:
    """Wrong syntax, a wrong encoding, a null byte."""
    (tmp_path / "own.py").write_bytes(content)
    shown = review_project(project, code=[tmp_path / "own.py"]).shown
    (unreadable,) = [item for item in shown if item.rule is Rule.UNREADABLE]
    assert said in unreadable.what
    assert {item.rule for item in shown} > {Rule.UNREADABLE}


def test_a_function_that_is_not_there_is_a_finding(project: ProjectConfig, tmp_path: Path) -> None:
    """Nothing is said to be reviewed that was not."""
    (tmp_path / "own" / "made.py").unlink()
    (missing,) = [item for item in review_project(project).shown if item.rule is Rule.UNREADABLE]
    assert "own.made" in missing.what


@pytest.mark.parametrize("name", ["nowhere.py", "table.csv"])
def test_code_that_is_not_there_or_no_code_is_refused(project: ProjectConfig, tmp_path: Path, name: str) -> None:
    """The error says what may be reviewed."""
    (tmp_path / "table.csv").touch()
    with pytest.raises(ConfigError, match="expected a Python file"):
        review_project(project, code=[tmp_path / name])


def test_without_the_shares_of_classes_accuracy_is_only_a_suspicion(project: ProjectConfig) -> None:
    """With them it is known."""
    accurate = project.model_copy(update={"brief": project.brief.model_copy(update={"metric": "accuracy"})})

    def confidence(shares: dict[str, float] | None) -> int:
        found = review_project(accurate, class_shares=shares).findings
        return next(item.confidence for item in found if item.rule is Rule.HIDDEN_IMBALANCE)

    assert confidence(None) < 80
    assert confidence({"yes": 0.02, "no": 0.98}) >= 80
    assert confidence({"yes": 0.4, "no": 0.6}) < 50
