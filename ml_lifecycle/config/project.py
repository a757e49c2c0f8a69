"""`ProjectConfig`: one whole project, as its YAML describes it. How the YAML is read lives in `loading`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from ml_lifecycle.config.base import Section
from ml_lifecycle.config.brief import BriefConfig
from ml_lifecycle.config.consistency import refuse_conflicts
from ml_lifecycle.config.dataset import DatasetConfig
from ml_lifecycle.config.discovery import DiscoveryConfig
from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.config.features import FeaturesConfig
from ml_lifecycle.config.modeling import ModelingConfig
from ml_lifecycle.config.monitoring import MonitoringConfig
from ml_lifecycle.config.orchestration import OrchestrationConfig
from ml_lifecycle.config.release import ReleaseConfig
from ml_lifecycle.config.serving import ServingConfig

#: How far a guessed label is believed (`dataset.rows.WEIGHT`): it tells which labels are guessed, and no more.
_RESERVED = frozenset({"_weight"})


class ProjectSections(Section):
    """What the YAML of a project says: the `attributes` of its component."""

    brief: BriefConfig = Field(description="The problem in words and figures.")
    dataset: DatasetConfig = Field(description="Rows: where they come from and which columns have a role.")
    discovery: DiscoveryConfig = Field(
        default_factory=DiscoveryConfig, description="Whether the problem can be solved with the data at hand."
    )
    features: FeaturesConfig = Field(default_factory=FeaturesConfig, description="From columns to numbers.")
    modeling: ModelingConfig = Field(default_factory=ModelingConfig, description="What is fitted.")
    evaluation: EvaluationConfig = Field(default_factory=EvaluationConfig, description="How a candidate is judged.")
    release: ReleaseConfig = Field(default_factory=ReleaseConfig, description="From candidate to champion.")
    serving: ServingConfig = Field(default_factory=ServingConfig, description="Online and batch scoring.")
    monitoring: MonitoringConfig = Field(default_factory=MonitoringConfig, description="What is watched in production.")
    orchestration: OrchestrationConfig = Field(
        default_factory=OrchestrationConfig, description="How Dagster runs the project."
    )


class ProjectConfig(ProjectSections):
    """One machine-learning problem on tabular data: the sections, and where they were found."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="The project's name: the folder of its defs.yaml.")
    folder: Path = Field(description="The folder of defs.yaml and schema.yaml.")
    root: Path = Field(description="The folder that relative paths of sources start from.")

    @model_validator(mode="after")
    def _keys_fit_together(self) -> ProjectConfig:
        refuse_conflicts(self)
        return self

    @property
    def schema_path(self) -> Path:
        """Where the pandera schema lies."""
        return self.folder / self.dataset.schema_file

    @property
    def uses_folds(self) -> bool:
        """Whether anything is judged on folds of the training rows."""
        modeling, validated = self.modeling, self.evaluation.cross_validation
        by_folds = "folds" in (modeling.search.validation, modeling.calibrate_on)
        return by_folds or self.features.selection.stability or validated.enabled or validated.nested

    @property
    def non_features(self) -> frozenset[str]:
        """Columns that no model may see: the target, roles, what was dropped, what is only judged."""
        data, fair = self.dataset, self.evaluation.fairness
        roles = {self.brief.target, data.id, data.event_time, data.outcome_time, data.entity, data.group}
        judged = set() if fair.use_as_features else set(fair.sensitive)
        named = roles | judged | set(data.drop) | set(self.features.exclude)
        return _RESERVED | frozenset(column for column in named if column is not None)
