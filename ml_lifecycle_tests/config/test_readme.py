"""The YAML that README shows is a project, or an experiment."""

import re
from pathlib import Path

import yaml

import ml_lifecycle
from ml_lifecycle.config.experiment import ExperimentConfig
from ml_lifecycle.config.loading import build_project
from ml_lifecycle.config.project import ProjectSections

_README = Path(ml_lifecycle.__file__).parent.parent / "README.md"


def test_the_yaml_of_the_readme_describes_a_project(tmp_path: Path) -> None:
    """Its keys exist, and none is a word that YAML reads as a truth value."""
    shown = [
        yaml.safe_load(text)
        for text in re.findall(r"```yaml\n(.*?)```", _README.read_text(encoding="utf-8"), re.DOTALL)
    ]
    assert shown
    brief = {"problem": "p", "task": "classification", "target": "y"}
    plain = {"brief": brief, "dataset": {"sources": [{"path": "a.csv"}]}}
    for document in shown:
        if "hypothesis" in document:
            ExperimentConfig.model_validate(document)
        else:
            if "dataset" in document:  # an excerpt: the roles of columns are not said again
                document["dataset"].setdefault("event_time", "ordered_at")
            build_project({**plain, **document}, name="a", folder=tmp_path, root=tmp_path)


def test_no_key_is_a_truth_value_of_yaml() -> None:
    """`on`, `off`, `yes` and `no` would arrive as True and False, and be refused."""

    def keys(schema: object) -> set[str]:
        if isinstance(schema, dict):
            own = set(schema.get("properties", {})) if isinstance(schema.get("properties"), dict) else set()
            return own.union(*(keys(value) for value in schema.values()))
        return set().union(*map(keys, schema)) if isinstance(schema, list) else set()

    named = keys(ProjectSections.model_json_schema())
    assert len(named) > 50
    assert not {key for key in named if yaml.safe_load(key) is not None and not isinstance(yaml.safe_load(key), str)}
