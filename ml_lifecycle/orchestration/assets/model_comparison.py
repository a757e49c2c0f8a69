"""The asset that compares a candidate with the model in production, on rows that neither has learnt from.

Which rows these are is found in `evaluation.comparison.held_out`, who is better in `champion` beside it, and what
guards a retraining in `old_and_new`.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import StateError
from ml_lifecycle.orchestration.assets.samples import (
    LabelledRows,
    blocks_in_time,
    decision_of,
    label_rows,
    primary_metric,
    with_history,
)
from ml_lifecycle.orchestration.champion import Champion
from ml_lifecycle.orchestration.champion_rows import splits_behind
from ml_lifecycle.orchestration.gate_records import lineage_of
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.step import Made, StepSpec, step

if TYPE_CHECKING:
    import pandas as pd

    from ml_lifecycle.evaluation.comparison.champion import Comparison
    from ml_lifecycle.evaluation.comparison.held_out import HeldOut
    from ml_lifecycle.evaluation.comparison.old_and_new import OldAndNew, Part
    from ml_lifecycle.evaluation.metrics import Metric

#: A class of fewer rows says nothing about a difference.
_FEWEST_OF_A_CLASS = 5


def model_comparison_asset(project: ProjectConfig) -> dg.AssetsDefinition:
    """`model_comparison`: candidate and champion side by side."""

    def outer(context: dg.AssetExecutionContext) -> str:
        champion = Champion.find(Workspace(project))
        return str(None if champion is None else champion.compared_against(lineage_of(context.instance, project)))

    spec = StepSpec(
        "model_comparison",
        "evaluation",
        kinds=("mlflow",),
        needs=("validated_data", "data_splits", "optimized_model"),
        after=("evaluation",),
        sections=(project.evaluation, project.brief.metric, project.brief.costs),
        outer=outer,
    )

    @step(project, spec)
    def model_comparison(
        context: dg.AssetExecutionContext, validated_data: Any, data_splits: Any, optimized_model: Any
    ) -> Made:
        """Candidate and champion on rows new to both, the newest first; promoted only what is better beyond chance."""
        from ml_lifecycle.evaluation.comparison.champion import judge_beats_champion
        from ml_lifecycle.evaluation.comparison.held_out import divide_rows
        from ml_lifecycle.evaluation.comparison.old_and_new import judge_holds_on_old_test, judge_labels_plausible

        champion, table = Champion.find(Workspace(project)), with_history(project, validated_data)
        if champion is None:
            comparison, found = _first(project, table, data_splits, optimized_model), None
        else:
            held = divide_rows(data_splits, splits_behind(context.instance, project, champion))
            duel = Duel(project, champion, optimized_model, champion.with_history(table), held)
            comparison, found = duel.compare()
        context.log.info(comparison.summary)
        guards = [judge(found, project.evaluation) for judge in (judge_holds_on_old_test, judge_labels_plausible)]
        verdicts = [judge_beats_champion(comparison), *guards]
        return Made(comparison, verdicts=verdicts, metadata=_tell(comparison))

    return model_comparison


def _first(project: ProjectConfig, table: Any, data_splits: Any, predictor: Any) -> "Comparison":
    """A candidate that nothing is compared with."""
    from ml_lifecycle.evaluation.comparison.champion import compare
    from ml_lifecycle.evaluation.decided import for_metric
    from ml_lifecycle.orchestration.assets.samples import labelled_rows

    test = labelled_rows(project, table, data_splits, "test", predictor.target)
    metric = primary_metric(project, predictor.target)
    seen = for_metric(predictor.predict(test.rows), test.rows, metric, decision_of(predictor))
    groups = blocks_in_time(project, test, metric, [seen])
    return compare(test.y, seen, None, metric=metric, config=project.evaluation, query=test.query, groups=groups)


@dataclass(frozen=True)
class Duel:
    """A candidate and the champion on the rows that say something fair about them.

    Args:
        project: The project.
        champion: The model in production.
        predictor: The candidate.
        table: All rows, with the history that either model reads.
        held: Which of them may be asked what.
    """

    project: ProjectConfig
    champion: Champion
    predictor: Any
    table: "pd.DataFrame"
    held: "HeldOut"

    def compare(self) -> tuple["Comparison", "OldAndNew"]:
        """Who is better, and how both stand on new and on old rows.

        Raises:
            StateError: There is no row that neither has learnt from.
        """
        from ml_lifecycle.evaluation.comparison.champion import compare
        from ml_lifecycle.evaluation.comparison.old_and_new import compare_old_and_new

        decides, config, seed = self._deciding(), self.project.evaluation, self.project.modeling.seed
        kind, metric = self.predictor.target.kind, self.metric.at(config.threshold)
        found = compare_old_and_new(self.parts, kind=kind, metric=metric, config=config, decides=decides, seed=seed)
        part = self.parts[decides]
        assert part.candidate is not None  # noqa: S101 - the rows that decide are new to both
        comparison = compare(
            part.y,
            part.candidate,
            part.champion,
            metric=self.metric,
            config=config,
            champion=self.champion.version,
            query=part.query,
            groups=part.groups,
            seed=seed,
            **footprints(self.predictor, self.champion, self._rows.rows),
        )
        return replace(comparison, standings=found.standings, notes=self.held.notes), found

    @cached_property
    def parts(self) -> "dict[str, Part]":
        """The parts that have rows, by name; the candidate's predictions only where all rows are new to it."""
        from ml_lifecycle.evaluation.comparison.old_and_new import FAIR, NEWEST, OLD, TESTED, UNSEEN

        held = self.held
        both = {NEWEST: held.newest, FAIR: held.fair, OLD: held.old}
        if len(held.newest) == len(held.fair):
            both.pop(NEWEST if len(held.fair) == 0 else FAIR)  # the same rows: they are shown once
        found = {name: self._part(ids, both=True) for name, ids in both.items() if len(ids)}
        alone = {UNSEEN: held.unseen, TESTED: held.tested}
        return found | {name: self._part(ids, both=False) for name, ids in alone.items() if len(ids)}

    @cached_property
    def metric(self) -> "Metric":
        """What counts."""
        return primary_metric(self.project, self.predictor.target)

    @cached_property
    def _rows(self) -> LabelledRows:
        ids = [*self.held.fair, *self.held.old, *self.held.unseen, *self.held.tested]
        rows = self.table.loc[self.table["_row_id"].isin(ids)].reset_index(drop=True)
        return label_rows(self.project, rows, self.predictor.target)

    @cached_property
    def _champion_says(self) -> Any:
        from ml_lifecycle.evaluation.decided import for_metric

        target, rows = self.predictor.target, self._rows.rows
        said = self.champion.predict_for(rows, target)
        return for_metric(said, rows, self.metric, self.champion.decide_for(target))

    @cached_property
    def _candidate_says(self) -> Any:
        from ml_lifecycle.evaluation.decided import for_metric

        rows = self._rows.rows
        return for_metric(self.predictor.predict(rows), rows, self.metric, decision_of(self.predictor))

    def _part(self, ids: Any, *, both: bool) -> "Part":
        from ml_lifecycle.evaluation.comparison.old_and_new import Part

        mask = self._rows.rows["_row_id"].isin(ids).to_numpy()
        rows, champion = self._rows.take(mask), self._champion_says[mask]
        candidate = self._candidate_says[mask] if both else None
        models = [champion] if candidate is None else [candidate, champion]
        return Part(rows.y, champion, candidate, rows.query, blocks_in_time(self.project, rows, self.metric, models))

    def _deciding(self) -> str:
        """The newest rows where they are enough, else all test rows that are new to both."""
        from ml_lifecycle.evaluation.comparison.old_and_new import FAIR, NEWEST

        if not len(self.held.fair):
            raise StateError(
                "candidate and champion cannot be compared",
                expected="test rows that the champion has not learnt from",
                got=f"{self.held.test_learnt:,} test rows, all of them learnt from",
                advice="set dataset.split as it was when the champion was made, or wait for new labelled rows",
            )
        newest = self.parts.get(NEWEST)
        if FAIR not in self.parts or newest is None:
            return FAIR if newest is None else NEWEST
        enough = len(newest.y) >= self.project.evaluation.comparison.newest_rows
        return NEWEST if enough and self._holds_classes(newest.y) else FAIR

    def _holds_classes(self, y: Any) -> bool:
        """Whether rows hold every class often enough to be told apart by it, where there are classes."""
        import numpy as np

        if self.predictor.target.kind not in (Kind.BINARY, Kind.MULTICLASS):
            return True
        counts = np.unique(y, return_counts=True)[1]
        return len(counts) > 1 and bool(counts.min() >= _FEWEST_OF_A_CLASS)


def _tell(comparison: "Comparison") -> dict[str, Any]:
    recommended = comparison.recommendation
    return {
        "decision": comparison.decision,
        "why": comparison.summary,
        "champion": comparison.champion or "none",
        "recommendation": recommended.summary if recommended is not None else "none",
        "comparison": dg.MetadataValue.md(comparison.markdown()),
    }


def footprints(predictor: Any, champion: Champion, rows: Any) -> dict[str, Any]:
    """What both cost for one row, measured in turn so that a busy machine is fair to both."""
    from ml_lifecycle.evaluation.comparison.footprint import Footprint
    from ml_lifecycle.modeling.latency import compare_latency

    theirs = champion.package.predictor
    read = [name for name in rows.columns if name in {*predictor.extractor.columns, *theirs.extractor.columns}]
    row = rows[read].head(1).to_dict("records")[0]
    latency = compare_latency(
        {"footprint": lambda: predictor.predict_row(row), "champion_footprint": lambda: theirs.predict_row(row)}
    )
    sizes = {"footprint": predictor, "champion_footprint": theirs}
    return {
        name: Footprint(latency[name].p50_ms, latency[name].p95_ms, size_bytes=sum(map(len, model.to_files().values())))
        for name, model in sizes.items()
    }
