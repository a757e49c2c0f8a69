"""Experiments on file: reading the YAML that a person wrote, keeping it in the state folder, finding it again.

What an experiment is lives in `config/experiment`, how one is trained and judged in the room evaluation, its asset in
`assets/experiments`.
"""

from pathlib import Path

import dagster as dg
import yaml
from pydantic import ValidationError

from ml_lifecycle.config.experiment import ExperimentConfig
from ml_lifecycle.config.home import Home
from ml_lifecycle.config.loading import describe
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import ConfigError

ASSET, COMPARISON = "experiment", "experiment_comparison"
#: Run tags of a comparison: names of the experiments, separated by commas (all by default), and of their reference.
COMPARE_TAG, AGAINST_TAG = "ml_lifecycle/compare", "ml_lifecycle/against"
_SUFFIX = ".yaml"


def partitions_name(project: str) -> str:
    """The name of the partitions of a project's experiments."""
    return f"{project}_experiments"


def experiment_partitions(project: ProjectConfig) -> dg.DynamicPartitionsDefinition:
    """One partition per experiment, by its name."""
    return dg.DynamicPartitionsDefinition(name=partitions_name(project.name))


def read_experiment(path: Path) -> ExperimentConfig:
    """Read an experiment's YAML.

    Raises:
        ConfigError: It cannot be read, or does not describe an experiment.
    """
    expected = "name, project, hypothesis and changes, as README.md describes an experiment"
    try:
        return ExperimentConfig.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        got = describe(error)
    except (OSError, yaml.YAMLError) as error:
        got = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    raise ConfigError(
        f"{path} does not describe an experiment", expected=expected, got=got, advice="correct the keys that are named"
    )


class ExperimentFolder:
    """The experiments of one project, in the state folder."""

    def __init__(self, project: ProjectConfig) -> None:
        self._project = project.name
        self._folder = Home.find(project.root).experiments / project.name

    def keep(self, experiment: ExperimentConfig) -> None:
        """Keep an experiment under its name; one of the same name is replaced."""
        self._folder.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(experiment.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
        path = self._folder / f"{experiment.name}{_SUFFIX}"
        fresh = path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)

    def names(self) -> list[str]:
        """The names of all experiments."""
        return sorted(path.stem for path in self._folder.glob(f"*{_SUFFIX}"))

    def get(self, name: str) -> ExperimentConfig:
        """The experiment of a name.

        Raises:
            ConfigError: There is none.
        """
        if name not in self.names():
            raise ConfigError(
                f"project {self._project!r} has no experiment {name!r}",
                expected=f"one of {', '.join(self.names()) or 'none so far'}",
                got=name,
                advice="`ml-lifecycle train run --config experiment.yaml` trains one",
            )
        return read_experiment(self._folder / f"{name}{_SUFFIX}")


def add_partition(instance: dg.DagsterInstance, project: ProjectConfig, name: str) -> None:
    """Let Dagster know of an experiment."""
    instance.add_dynamic_partitions(partitions_name(project.name), [name])
