"""The model card (Mitchell et al. 2019): what the model is for, how good it is, for whom, and where it came from.

Filled from records only; the wording is the template's, `model_card.md.j2`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any, Final, Self

import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.evaluation.report import EvaluationReport
from ml_lifecycle.modeling.baselines import Baselines
from ml_lifecycle.parts import Parts
from ml_lifecycle.release.deployment import Deployment
from ml_lifecycle.release.manifest import Manifest
from ml_lifecycle.verdict import Verdict

SECTIONS: Final = (
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Evaluation data",
    "Training data",
    "Quantitative analyses",
    "Ethical considerations",
    "Caveats and recommendations",
    "Provenance",
)
_TEMPLATE: Final = "model_card.md.j2"
_FILE: Final = "model_card.md"
_MOST_ROWS: Final = 10
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model card.

    Args:
        markdown: The card.
    """

    markdown: str

    @property
    def sections(self) -> Mapping[str, str]:
        """What stands below each heading, without white space around it."""
        pieces = _HEADING.split(self.markdown)
        return {title: body.strip() for title, body in zip(pieces[1::2], pieces[2::2], strict=True)}

    def to_parts(self) -> Parts:
        """One markdown file."""
        return Parts(files={_FILE: self.markdown.encode()})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Read the file again."""
        return cls(parts.files[_FILE].decode())


def write_model_card(
    config: ProjectConfig,
    *,
    deployment: Deployment,
    manifest: Manifest,
    evaluation: EvaluationReport,
    baselines: Baselines | None = None,
    verdicts: Mapping[str, Verdict | None] | None = None,
) -> ModelCard:
    """Write the card of a deployed version.

    Args:
        config: The project: what it says about purpose, limits and data.
        deployment: Which version it is, since when, and what its gates said.
        manifest: What its package says.
        evaluation: How good it is on the test split.
        baselines: What it had to beat.
        verdicts: Verdicts of any gates; those that warn are caveats.
    """
    warnings = [item for item in (verdicts or {}).values() if item is not None and not item.passed]
    found = {
        "config": config,
        "deployment": deployment,
        "manifest": manifest,
        "evaluation": evaluation,
        "baselines": baselines,
        "warnings": warnings,
        "sources": [source.place for source in config.dataset.sources],
        "facts": {name: value for name, value in manifest.facts.items() if isinstance(value, str | int | float)},
        "importance": _records(evaluation.importance),
        "worst": _records(evaluation.slices),
        "disturbed": _records(evaluation.robustness),
        "gaps": _records(evaluation.fairness.gaps),
    }
    return ModelCard(_environment().get_template(_TEMPLATE).render(found).strip() + "\n")


def judge_complete(card: ModelCard) -> Verdict:
    """Complete: every section of the card is there and says something."""
    said = card.sections
    empty = [title for title in SECTIONS if not said.get(title)]
    return Verdict(
        gate="complete",
        passed=not empty,
        summary=f"Sections without content: {', '.join(empty)}."
        if empty
        else f"All {len(SECTIONS)} sections say something.",
        facts={"empty": [*empty], "characters": len(card.markdown)},
        advice="materialise the assets that fill these sections, and complete brief and release in defs.yaml",
    )


def _environment() -> Any:  # noqa: ANN401 - a jinja2 Environment
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - markdown, which is not shown as HTML by us
    )
    made.filters |= {"cell": _cell, "code": _code, "figure": _figure, "share": _share}
    return made


def _records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    return frame.head(_MOST_ROWS).to_dict("records")


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _code(names: Iterable[object]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _figure(value: float) -> str:
    return "not known" if isnan(value) else f"{value:.4g}"


def _share(value: float) -> str:
    return "not known" if isnan(value) else f"{value:.1%}"
