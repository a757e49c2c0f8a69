"""Candidate and champion on the rows that say something fair about them, put to the domain's comparison.

Which rows these are is found in `evaluation.comparison.held_out`, who is better in `champion` beside it. The asset that
asks lives in `model_comparison`.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import StateError
from ml_lifecycle.orchestration.assets.samples import (
    LabelledRows,
    blocks_in_time,
    decision_of,
    label_rows,
    primary_metric,
)
from ml_lifecycle.orchestration.champion import Champion

if TYPE_CHECKING:
    import pandas as pd

    from ml_lifecycle.evaluation.comparison.champion import Comparison
    from ml_lifecycle.evaluation.comparison.held_out import HeldOut
    from ml_lifecycle.evaluation.comparison.old_and_new import OldAndNew, Part
    from ml_lifecycle.evaluation.metrics import Metric

#: A class of fewer rows says nothing about a difference.
_FEWEST_OF_A_CLASS = 5


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

    def compare(self, level: EvaluationConfig) -> tuple["Comparison", "OldAndNew"]:
        """Who is better, and how both stand on new and on old rows.

        Args:
            level: How surely the candidate must be better; what guards against wrong labels and forgetting keeps to
                the project's own alpha.

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
            config=level,
            champion=self.champion.version,
            query=part.query,
            groups=part.groups,
            seed=seed,
            **footprints(self.predictor, self.champion, self._rows.rows),
        )
        standings = [
            replace(item, low=comparison.low, high=comparison.high) if item.decides else item
            for item in found.standings
        ]
        return replace(comparison, standings=tuple(standings), notes=self.held.notes), found

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
