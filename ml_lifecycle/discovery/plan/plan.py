"""`ProjectPlan`: the record of the plan, how it is written, and its gate.

Figures live in `sizes`, checkpoints in `checkpoints`, the picture in `architecture`, what the YAML says in `words`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.discovery.feasibility.study import FeasibilityStudy
from ml_lifecycle.discovery.plan.architecture import Edge, Node, draw_architecture
from ml_lifecycle.discovery.plan.checkpoints import gates_by_milestone
from ml_lifecycle.discovery.plan.sizes import SampleSizes, plan_resources, plan_sizes
from ml_lifecycle.discovery.plan.words import describe_monitoring, describe_test, describe_validation
from ml_lifecycle.discovery.rendering import render
from ml_lifecycle.evaluation.plain import plain
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Severity, Verdict

_MARKDOWN, _FACTS, _PICTURE = "project_plan.md", "project_plan.json", "architecture.svg"


@dataclass(frozen=True, slots=True)
class ProjectPlan:
    """How a project goes on.

    Args:
        markdown: The plan as a person reads it.
        facts: The same as plain JSON: `evaluation`, `sizes`, `monitoring`, `resources`, `milestones`, `risks`, `open`.
        picture: The architecture as SVG.
    """

    markdown: str
    facts: Mapping[str, Any]
    picture: str

    def to_parts(self) -> Parts:
        """Three files: the text, the facts, the picture."""
        facts = json.dumps(self.facts, indent=1, ensure_ascii=False).encode()
        return Parts(files={_MARKDOWN: self.markdown.encode(), _FACTS: facts, _PICTURE: self.picture.encode()})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Make a plan of what `to_parts` gave."""
        files = parts.files
        return cls(files[_MARKDOWN].decode(), json.loads(files[_FACTS]), files[_PICTURE].decode())


def write_plan(
    project: ProjectConfig,
    study: FeasibilityStudy,
    *,
    test_rows: int,
    nodes: Sequence[Node],
    edges: Sequence[Edge],
    gates: Mapping[str, Sequence[str]],
) -> ProjectPlan:
    """Write the plan of a project.

    Args:
        project: The project.
        study: What was measured of it.
        test_rows: Rows of the test split.
        nodes: Its assets.
        edges: Which of them is made from which.
        gates: Names of gates by asset.
    """
    evidence = study.facts["evidence"]
    sizes, resources = plan_sizes(evidence, project), plan_resources(evidence, project)
    facts: dict[str, Any] = {
        "project": project.name,
        "recommendation": study.advice.value,
        "conditions": study.facts["recommendation"]["conditions"],
        "evaluation": {
            "primary": evidence["metric"],
            "secondary": _secondary(project, evidence["metric"]),
            "criteria": [str(item) for item in project.brief.criteria],
            "validation": describe_validation(project),
            "test": describe_test(project),
        },
        "sizes": {**_plain(asdict(sizes)), "test_rows": test_rows},
        "monitoring": describe_monitoring(project),
        "resources": _plain(asdict(resources)),
        "milestones": gates_by_milestone(gates, {node.name for node in nodes}),
        "risks": study.facts["risks"],
        "open": _open_points(project, sizes, test_rows),
    }
    picture = draw_architecture(nodes, edges, title=f"{project.name}: what is made from what")
    return ProjectPlan(render("plan.md.j2", plan=facts, picture=_PICTURE), facts, picture)


def judge_plan_complete(plan: ProjectPlan) -> Verdict:
    """plan_complete: nothing is left open that the plan needs; it only warns."""
    points = list(plan.facts["open"])
    return Verdict(
        gate="plan_complete",
        passed=not points,
        severity=Severity.WARN,
        summary=f"Left open: {'; '.join(points)}." if points else "The plan leaves nothing open.",
        facts={"open": points, "paired": plan.facts["sizes"]["paired"], "per_arm": plan.facts["sizes"]["per_arm"]},
        advice="settle these points in defs.yaml, or accept them in the decision to go on",
    )


def _secondary(project: ProjectConfig, primary: str) -> list[str]:
    named = [*(item.metric for item in project.brief.criteria), *project.evaluation.metrics]
    return [name for name in dict.fromkeys(named) if name != primary]


def _open_points(project: ProjectConfig, sizes: SampleSizes, test_rows: int) -> list[str]:
    found = []
    if not project.brief.criteria:
        found.append("no success criterion is defined")
    if not project.brief.owner:
        found.append("nobody owns the model")
    if sizes.paired is None:
        found.append("how many rows a comparison needs is not known, as nothing is gained by the prototype")
    elif sizes.paired > test_rows:
        found.append(
            f"{test_rows:,} test rows are too few to find a gain of {sizes.gain:.3g}: {sizes.paired:,} are needed"
        )
    if project.monitoring.outcomes is None:
        found.append("no source of outcomes is named for production")
    return found


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: plain(value) for key, value in values.items()}
