"""The asset `project_plan`, of the room discovery, and the graph of a project's assets that its picture shows."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.step import Made, StepSpec, step

if TYPE_CHECKING:
    from ml_lifecycle.discovery.plan.architecture import Edge, Node


def plan_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """The plan."""
    spec = StepSpec(
        "project_plan",
        "discovery",
        kinds=("markdown", "svg"),
        needs=("feasibility_study", "data_splits"),
        sections=tuple(getattr(project, name) for name in _SECTIONS),
    )

    @step(project, spec)
    def project_plan(context: dg.AssetExecutionContext, feasibility_study: Any, data_splits: Any) -> Made:
        """How the project goes on: evaluation, rows that a test needs, monitoring, resources, checkpoints, risks."""
        from ml_lifecycle.discovery.plan.plan import judge_plan_complete, write_plan
        from ml_lifecycle.orchestration.checks import CHECKPOINTS

        nodes, edges = graph_of(project)
        plan = write_plan(
            project,
            feasibility_study,
            test_rows=int((data_splits["_split"] == "test").sum()),
            nodes=nodes,
            edges=edges,
            gates={asset: [item.name for item in items] for asset, items in CHECKPOINTS.items()},
        )
        context.log.info(f"{len(plan.facts['open'])} points are left open")
        return Made(
            plan,
            verdicts=[judge_plan_complete(plan)],
            metadata={
                "rows_of_a_comparison": str(plan.facts["sizes"]["paired"]),
                "rows_of_each_arm": str(plan.facts["sizes"]["per_arm"]),
                "left_open": "; ".join(plan.facts["open"]) or "nothing",
                "plan": dg.MetadataValue.md(plan.markdown),
            },
        )

    return [project_plan]


_SECTIONS = ("brief", "dataset", "discovery", "modeling", "evaluation", "release", "serving", "monitoring")


def graph_of(project: ProjectConfig) -> tuple["list[Node]", "list[Edge]"]:
    """The assets of a project with their rooms, and which of them is made from which."""
    from ml_lifecycle.discovery.plan.architecture import Edge, Node
    from ml_lifecycle.orchestration.assets import assets_of

    specs = [spec for made in assets_of(project) for spec in made.specs]
    nodes = [Node(spec.key.path[-1], spec.tags.get("ml_lifecycle/room", "")) for spec in specs]
    edges = {Edge(item.asset_key.path[-1], spec.key.path[-1]) for spec in specs for item in spec.deps}
    return nodes, sorted(edges)
