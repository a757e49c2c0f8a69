"""What `dg scaffold defs ml_lifecycle.LifecycleComponent NAME` writes: the same draft as `ml-lifecycle init`.

Without a table there is nothing to guess from; then a skeleton is written that loads and says what to fill in.
"""

from pathlib import Path

import dagster as dg
from dagster.components.component_scaffolding import scaffold_component
from pydantic import BaseModel, Field

from ml_lifecycle.config.brief import Task

_SKELETON = {
    "brief": {
        "problem": "Say in a sentence what is to be predicted and why.",
        "task": "classification",
        "target": "name_of_the_target_column",
        "success_criteria": {"roc_auc": ">= 0.70"},
    },
    "dataset": {"sources": [{"path": "data/your_table.csv"}]},
}


class LifecycleScaffoldParams(BaseModel):
    """Options of the scaffolding, the same as those of `ml-lifecycle init`."""

    data: str | None = Field(default=None, description="A CSV or Parquet file to guess the project from.")
    template: str | None = Field(default=None, description="classification, regression or ranking.")
    target: str | None = Field(default=None, description="The column to predict.")
    event_time: str | None = Field(default=None, description="The column that says when a row happened.")
    group: str | None = Field(default=None, description="Rows with the same value stay in one split.")


class LifecycleScaffolder(dg.Scaffolder[LifecycleScaffoldParams]):
    """Writes defs.yaml and schema.yaml of a new project."""

    @classmethod
    def get_scaffold_params(cls) -> type[LifecycleScaffoldParams]:
        """The options."""
        return LifecycleScaffoldParams

    def scaffold(self, request: dg.ScaffoldRequest[LifecycleScaffoldParams]) -> None:
        """Write the project's files into the folder that `dg` has made."""
        params = request.params or LifecycleScaffoldParams()
        if params.data is None:
            scaffold_component(request, _SKELETON)
            return
        from ml_lifecycle.discovery.draft import draft_project, write_draft

        draft = draft_project(
            request.target_path.name,
            Path(params.data),
            task=Task(params.template) if params.template else None,
            target=params.target,
            event_time=params.event_time,
            group=params.group,
            root=request.project_root or Path.cwd(),
        )
        write_draft(draft, request.target_path)
