"""The models that experiments are put beside, in the form of an experiment: the project's own, and the champion.

Both are asked about the validation rows that experiments are judged on. What experiments found, and several of them
side by side, is `experiment_results`; the champion itself, `champion`.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dagster as dg

from ml_lifecycle.config.experiment import CHAMPION, TUNED
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.champion import Champion
from ml_lifecycle.orchestration.data_versions import read_latest
from ml_lifecycle.orchestration.records import data_versions
from ml_lifecycle.orchestration.resources import Workspace

if TYPE_CHECKING:
    from ml_lifecycle.evaluation.comparison.footprint import Footprint
    from ml_lifecycle.evaluation.experiments.result import ExperimentResult
    from ml_lifecycle.orchestration.assets.samples import SplitSamples

_SPLITS = "data_splits"


class ReferenceModels:
    """The models beside experiments, each made ready when it is first asked for.

    Args:
        instance: Where the assets are on record.
        project: The project.
        rows: The validated rows; those of the latest materialisation by default.
        splits: Their splits, likewise.
        samples: Their samples, likewise.
    """

    def __init__(
        self,
        instance: dg.DagsterInstance,
        project: ProjectConfig,
        rows: Any = None,
        splits: Any = None,
        samples: "SplitSamples | None" = None,
    ) -> None:
        # What gathers samples lives beside the assets, which import this module.
        from ml_lifecycle.orchestration.assets.samples import SplitSamples, with_history

        self._instance, self._project = instance, project
        labelled = "validated_data" if project.dataset.labeling is None else "labeled_data"
        self._rows = self._latest(labelled) if rows is None else rows
        self._splits = self._latest(_SPLITS) if splits is None else splits
        if samples is None:
            names = self._latest("selected_features").names
            samples = SplitSamples(project, self._rows, self._splits, self._latest("features"), names)
        self.samples = samples
        self._table = with_history(project, self._rows)

    def tuned(self, model: Any = None) -> "ExperimentResult":
        """The project's own model.

        Raises:
            StateError: It was not made yet.
        """
        from ml_lifecycle.orchestration.assets.modeling import training_seconds

        model = self._latest(TUNED) if model is None else model
        valid, seconds = self.samples.of("validation"), training_seconds(self._instance, self._project)
        rows = self._rows_of(self._table, valid)
        return self._gather(TUNED, model, valid, _measure(model, rows, seconds), folds=self._folds())

    def champion(self) -> "ExperimentResult":
        """The model in production.

        Raises:
            StateError: There is none, or it predicts something else than this project does now.
        """
        champion, valid = Champion.require(Workspace(self._project)), self.samples.of("validation")
        rows = self._rows_of(champion.with_history(self._table), valid)
        predictor, predictions = champion.package.predictor, champion.predict_for(rows, self.samples.target)
        size = _measure(predictor, rows, None)
        found = self._gather(CHAMPION, predictor, valid, size, predictions=predictions)
        manifest = champion.package.manifest
        return replace(found, created_at=manifest.created_at, data_versions=dict(manifest.lineage))

    def notes(self, name: str) -> tuple[str, ...]:
        """What is to be known of a reference, a sentence each."""
        if name != CHAMPION:
            return ()
        champion = Champion.require(Workspace(self._project))
        said = f"champion is version {champion.version}, the model in production."
        key = dg.AssetKey([self._project.name, _SPLITS])
        if champion.package.manifest.lineage.get(_SPLITS) == data_versions(self._instance, [key]).get(key):
            return (said,)
        return (f"{said} It was made of another split: rows that it has learnt from may be among these.",)

    def _gather(self, name: str, predictor: Any, valid: Any, size: "Footprint", **more: Any) -> "ExperimentResult":
        from ml_lifecycle.evaluation.experiments.result import gather_result
        from ml_lifecycle.orchestration.assets.samples import primary_metric

        metric, groups = primary_metric(self._project, self.samples.target), self.samples.groups_of(valid)
        return gather_result(name, predictor, valid, metric=metric, groups=groups, footprint=size, **more)

    def _rows_of(self, table: Any, samples: Any) -> Any:
        """The raw rows of samples, in their order."""
        from ml_lifecycle.dataset.rows import ROW_ID

        return table.set_index(ROW_ID, drop=False).loc[samples.row_ids].reset_index(drop=True)

    def _folds(self) -> Any:
        """The cross-validation of the project's model, where it was asked for and made."""
        config = self._project.evaluation.cross_validation
        key = dg.AssetKey([self._project.name, "cross_validation"])
        if not config.enabled or config.nested or self._instance.get_latest_materialization_event(key) is None:
            return None
        return self._latest("cross_validation")

    def _latest(self, asset: str) -> Any:
        return read_latest(self._instance, self._project, asset)


def _measure(predictor: Any, rows: Any, seconds: float | None) -> "Footprint":
    """Time of one row and size, as an experiment's are measured."""
    from ml_lifecycle.evaluation.comparison.footprint import measure_footprint

    read = [name for name in predictor.extractor.columns if name in rows.columns]
    cells = {str(name): value for name, value in rows[read].head(1).to_dict("records")[0].items()}
    size = sum(map(len, predictor.to_files().values()))
    return measure_footprint(predictor.predict_row, cells, size, training_seconds=seconds)
