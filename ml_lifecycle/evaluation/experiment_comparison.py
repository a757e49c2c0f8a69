"""Named experiments side by side on the same validation rows, with what became of their hypotheses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.evaluation.candidates import CandidateTable, compare_many
from ml_lifecycle.evaluation.cost_measures import CostMatrix
from ml_lifecycle.evaluation.experiments import ExperimentResult, share_rows
from ml_lifecycle.evaluation.hypotheses import HypothesisVerdict, judge_hypothesis
from ml_lifecycle.evaluation.metrics import Metric, metric_for
from ml_lifecycle.parts import Parts

_FILE = "hypotheses.json"


@dataclass(frozen=True, slots=True)
class ExperimentComparison:
    """Experiments side by side.

    Args:
        candidates: The table, each against the reference, with corrected p-values.
        hypotheses: What became of the hypothesis of each that has one, each against its own reference where that is
            among them, and not corrected: each is a question of its own.
    """

    candidates: CandidateTable
    hypotheses: tuple[HypothesisVerdict, ...]

    def markdown(self) -> str:
        """The table, and a line per hypothesis."""
        lines = [
            f"- **{verdict.experiment}** (against {verdict.reference}): {verdict.statement} {verdict.summary}"
            for verdict in self.hypotheses
        ]
        return "\n".join([self.candidates.markdown(), "", *lines])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**self.candidates.to_dict(), "hypotheses": [verdict.to_dict() for verdict in self.hypotheses]}

    def to_parts(self) -> Parts:
        """The table, and the verdicts as JSON."""
        parts = self.candidates.to_parts()
        verdicts = json.dumps([verdict.to_dict() for verdict in self.hypotheses]).encode()
        return Parts(parts.tables, {**parts.files, _FILE: verdicts})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put it together again."""
        verdicts = tuple(HypothesisVerdict.from_dict(state) for state in json.loads(parts.files[_FILE]))
        return cls(CandidateTable.from_parts(parts), verdicts)


def compare_experiments(
    results: Mapping[str, ExperimentResult],
    reference: str,
    *,
    config: EvaluationConfig,
    metric: Metric | None = None,
    costs: CostMatrix | None = None,
    seed: int = 0,
) -> ExperimentComparison:
    """Compare experiments with one of them on the validation rows that all share.

    Args:
        results: Experiments by name, the reference among them.
        reference: Name of the one that the others are compared with.
        config: Resamples, threshold; the test, alpha, margin and correction.
        metric: What counts; the project's metric by default.
        costs: What mistakes cost, where the metric is `cost`.
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
    return ExperimentComparison(table, tuple(_judge(results, reference, metric, costs, config=config, seed=seed)))


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
