"""The problem brief: what a project's YAML says of its problem, written for people, and whether success is defined.

What the metrics are is known in the room evaluation; here they are given by name.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from ml_lifecycle.config.brief import BriefConfig, Kind, Task
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.discovery.rendering import render
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Fact, Verdict

_KINDS: Final[Mapping[Task, frozenset[str]]] = MappingProxyType(
    {
        Task.CLASSIFICATION: frozenset({Kind.BINARY, Kind.MULTICLASS}),
        Task.REGRESSION: frozenset({Kind.REGRESSION}),
        Task.RANKING: frozenset({Kind.RANKING}),
    }
)
_MARKDOWN, _FACTS = "brief.md", "brief.json"


@dataclass(frozen=True, slots=True)
class ProblemBrief:
    """What is to be predicted, why, and when it is good enough.

    Args:
        markdown: The brief as a person reads it.
        facts: The same as plain JSON.
    """

    markdown: str
    facts: Mapping[str, Fact]

    def to_parts(self) -> Parts:
        """Two files: the text and the facts."""
        facts = json.dumps(dict(self.facts), indent=1, ensure_ascii=False)
        return Parts(files={_MARKDOWN: self.markdown.encode(), _FACTS: facts.encode()})

    @classmethod
    def from_parts(cls, parts: Parts) -> ProblemBrief:
        """Make a brief of what `to_parts` gave."""
        return cls(parts.files[_MARKDOWN].decode(), json.loads(parts.files[_FACTS]))


def write_brief(config: ProjectConfig) -> ProblemBrief:
    """Write the brief of a project."""
    facts = _collect_facts(config)
    return ProblemBrief(render("brief.md.j2", project=config.name, brief=config.brief, data=config.dataset), facts)


def judge_criteria_defined(config: ProjectConfig, known: Mapping[str, Collection[str]]) -> Verdict:
    """success_criteria_defined: it is said in figures when the model is good enough, in metrics that fit the problem.

    Args:
        config: The project.
        known: The kinds of problem (or tasks) that each known metric fits, by the metric's name.
    """
    brief = config.brief
    problems = [] if brief.criteria else ["none is given"]
    problems += [
        f"{item.metric}: {reason}" for item in brief.criteria if (reason := _misfit(item.metric, brief, known))
    ]
    if brief.metric is not None and (reason := _misfit(brief.metric, brief, known)):
        problems.append(f"brief.metric {brief.metric}: {reason}")
    criteria = [str(item) for item in brief.criteria]
    fitting = sorted(name for name, kinds in known.items() if _fits(brief.task, kinds))
    return Verdict(
        gate="success_criteria_defined",
        passed=not problems,
        summary=f"Success criteria cannot be held: {'; '.join(problems)}."
        if problems
        else f"Success is defined: {', '.join(criteria)} on the test split.",
        facts={"criteria": list(criteria), "problems": list(problems), "fitting_metrics": list(fitting)},
        advice=f"give under brief.success_criteria at least one of {', '.join(fitting)}, each with a comparison "
        'such as ">= 0.8"',
    )


def _misfit(metric: str, brief: BriefConfig, known: Mapping[str, Collection[str]]) -> str:
    """Why a metric cannot be used; empty if it can."""
    if metric not in known:
        near = get_close_matches(metric, known, n=1)
        return f"no such metric{f', did you mean {near[0]}?' if near else ''}"
    return "" if _fits(brief.task, known[metric]) else f"does not fit a {brief.task} problem"


def _fits(task: Task, kinds: Collection[str]) -> bool:
    return not ({*_KINDS[task], str(task)}).isdisjoint(str(kind) for kind in kinds)


def _collect_facts(config: ProjectConfig) -> dict[str, Fact]:
    brief, data = config.brief, config.dataset
    roles = ("id", "event_time", "outcome_time", "entity", "group")
    return {
        "project": config.name,
        "problem": brief.problem,
        "objective": brief.objective,
        "task": str(brief.task),
        "target": brief.target,
        "positive_class": brief.positive_class,
        "metric": brief.metric,
        "criteria": [str(item) for item in brief.criteria],
        "constraints": {name: limit for name, limit in brief.constraints.model_dump().items() if limit is not None},
        "owner": brief.owner,
        "sources": [source.path for source in data.sources],
        "roles": {role: getattr(data, role) for role in roles if getattr(data, role) is not None},
        "dropped": list(data.drop),
    }
