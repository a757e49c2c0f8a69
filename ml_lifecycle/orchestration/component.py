"""`LifecycleComponent`: the Dagster component that makes a project's YAML into definitions.

Its attributes are the sections of `ml_lifecycle.config`; what is built of them lives in the modules beside this one,
and how `dg scaffold` writes a new one in `scaffolding`.
"""

from pathlib import Path
from typing import Any, Self

import dagster as dg
from pydantic import BaseModel

from ml_lifecycle.config.loading import build_project
from ml_lifecycle.config.project import ProjectConfig, ProjectSections
from ml_lifecycle.orchestration.scaffolding import LifecycleScaffolder


@dg.scaffold_with(LifecycleScaffolder)
class LifecycleComponent(dg.Component):
    """The whole life of one machine-learning model on tabular data, from a brief and a table to monitoring.

    The project's name is the name of the folder that holds this defs.yaml; its schema lies beside it.
    """

    def __init__(self, sections: ProjectSections) -> None:
        self.sections = sections

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """The model of the attributes: what `dg check yaml` and editors hold the YAML against."""
        return ProjectSections

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """Make the component of its attributes, templates such as `{{ env.NAME }}` filled in.

        Only text with a template in it is rendered: Dagster's renderer would turn the text "1" into the number 1.
        """
        given = attributes if isinstance(attributes, ProjectSections) else ProjectSections.model_validate(attributes)
        raw = given.model_dump(exclude_unset=True)
        rendered = _render(raw, context)
        return cls(given if rendered == raw else ProjectSections.model_validate(rendered))

    def project(self, folder: Path, root: Path) -> ProjectConfig:
        """The project that this component describes, found in `folder` below `root`.

        Raises:
            ConfigError: The folder's name is not a project name.
        """
        sections = {name: getattr(self.sections, name) for name in ProjectSections.model_fields}
        return build_project(sections, name=folder.name, folder=folder, root=root)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Assets, checks, jobs, schedules and sensors of the project."""
        from ml_lifecycle.orchestration.definitions import definitions_of

        return definitions_of(self.project(context.path, context.project_root))


def _render(value: Any, context: dg.ComponentLoadContext) -> Any:
    if isinstance(value, dict):
        return {key: _render(item, context) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_render(item, context) for item in value]
    if isinstance(value, str) and "{{" in value:
        return context.resolution_context.resolve_value(value)
    return value
