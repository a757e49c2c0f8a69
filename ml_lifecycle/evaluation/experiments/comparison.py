"""Named experiments side by side on the same validation rows: the table, a decision for each, and their hypotheses.

How a decision is made lives in `decisions`, whether a hypothesis held in `hypotheses`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.evaluation.comparison.candidates import CandidateTable, compare_many
from ml_lifecycle.evaluation.experiments.decisions import ExperimentDecision, decide_experiments
from ml_lifecycle.evaluation.experiments.hypotheses import HypothesisVerdict, judge_hypothesis
from ml_lifecycle.evaluation.experiments.result import ExperimentResult, share_rows
from ml_lifecycle.evaluation.measures.costs import CostMatrix
from ml_lifecycle.evaluation.metrics import Metric, metric_for
from ml_lifecycle.parts import Parts

_FILE, _DECISIONS = "hypotheses.json", "decisions.json"
_CAVEAT = (
    "promote: take the changes into the project's own YAML. The searches have seen these validation rows; the model "
    "that is made then is judged once more on the test split, and beside the champion, before it is released."
)


@dataclass(frozen=True, slots=True)
class ExperimentComparison:
    """Experiments side by side.

    Args:
        candidates: The table, each against the reference, with corrected p-values.
        hypotheses: What became of the hypothesis of each that has one, each against its own reference where that is
            among them, and not corrected: each is a question of its own.
        decisions: What to do with each, in the order of the table.
        notes: What else is to be known, a sentence each.
    """

    candidates: CandidateTable
    hypotheses: tuple[HypothesisVerdict, ...]
    decisions: tuple[ExperimentDecision, ...] = ()
    notes: tuple[str, ...] = ()

    def decision_of(self, name: str) -> ExperimentDecision | None:
        """What to do with an experiment; None for the reference."""
        return next((one for one in self.decisions if one.experiment == name), None)

    def markdown(self) -> str:
        """The table, a line per decision with its reasons, and a line per hypothesis."""
        decided = [f"- **{one.experiment}: {one.action}**. {one.summary}" for one in self.decisions]
        held = [
            f"- **{verdict.experiment}** (against {verdict.reference}): {verdict.statement} {verdict.summary}"
            for verdict in self.hypotheses
        ]
        parts = [
            *_section("Decisions", decided),
            *_section("Hypotheses", held),
            *_section("Notes", [f"- {note}" for note in self.notes]),
        ]
        return "\n".join([self.candidates.markdown(), *parts])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **self.candidates.to_dict(),
            "decisions": [one.to_dict() for one in self.decisions],
            "hypotheses": [verdict.to_dict() for verdict in self.hypotheses],
            "notes": list(self.notes),
        }

    def to_parts(self) -> Parts:
        """The table, and the verdicts and decisions as JSON."""
        parts, said = self.candidates.to_parts(), self.to_dict()
        verdicts = json.dumps(said["hypotheses"]).encode()
        decided = json.dumps({name: said[name] for name in ("decisions", "notes")}).encode()
        return Parts(parts.tables, {**parts.files, _FILE: verdicts, _DECISIONS: decided})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put it together again."""
        verdicts = tuple(HypothesisVerdict.from_dict(state) for state in json.loads(parts.files[_FILE]))
        said: dict[str, Any] = json.loads(parts.files.get(_DECISIONS, b'{"decisions": [], "notes": []}'))
        decisions = tuple(ExperimentDecision.from_dict(state) for state in said["decisions"])
        return cls(CandidateTable.from_parts(parts), verdicts, decisions, tuple(said["notes"]))


def compare_experiments(
    results: Mapping[str, ExperimentResult],
    reference: str,
    *,
    config: EvaluationConfig,
    metric: Metric | None = None,
    costs: CostMatrix | None = None,
    notes: Sequence[str] = (),
    seed: int = 0,
) -> ExperimentComparison:
    """Compare experiments with one of them on the validation rows that all share.

    Args:
        results: Experiments by name, the reference among them.
        reference: Name of the one that the others are compared with.
        config: Resamples, threshold; the test, alpha, margin, correction, and the limits of speed and size.
        metric: What counts; the project's metric by default.
        costs: What mistakes cost, where the metric is `cost`.
        notes: What else is to be known, a sentence each.
        seed: Seed of the draws.

    Raises:
        ConfigError: The reference is not among them.
        DataError: They share no validation rows, or disagree about the truth.
    """
    if reference not in results:
        raise ConfigError(
            f"there is no experiment {reference!r} to compare with",
            expected=f"one of {', '.join(sorted(results))}",
            got=reference,
            advice="train it first, or name another one",
        )
    known, shared = results[reference], share_rows(results)
    metric = metric or metric_for(known.kind, known.metric, threshold=config.threshold, costs=costs)
    candidates = {name: found for name, found in shared.predictions.items() if name != reference}
    table = compare_many(
        shared.y,
        shared.predictions[reference],
        candidates,
        metric=metric,
        config=config,
        reference=reference,
        query=shared.query,
        groups=shared.groups,
        footprints={name: result.footprint for name, result in results.items()},
        seed=seed,
    )
    verdicts = tuple(_judge(results, reference, metric, costs, config=config, seed=seed))
    left_out = (f"{shared.left_out:,} rows that not all of them have are left out.",) if shared.left_out else ()
    decisions = decide_experiments(results, table, metric, config.comparison)
    return ExperimentComparison(table, verdicts, decisions, (*notes, *left_out, _CAVEAT))


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"{title}:", "", *lines] if lines else []


def _judge(
    results: Mapping[str, ExperimentResult],
    reference: str,
    metric: Metric,
    costs: CostMatrix | None,
    *,
    config: EvaluationConfig,
    seed: int,
) -> list[HypothesisVerdict]:
    verdicts = []
    for name, result in results.items():
        against = results.get(result.reference or reference, results[reference])
        if result.hypothesis is not None and against.name != name:
            verdicts.append(judge_hypothesis(result, against, config=config, metric=metric, costs=costs, seed=seed))
    return verdicts
