"""The samples of a split, as several assets need them. How samples are made lives in `modeling.samples`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ml_lifecycle.config.project import ProjectConfig

if TYPE_CHECKING:
    from ml_lifecycle.evaluation.decided import Decide
    from ml_lifecycle.evaluation.measures.costs import CostMatrix
    from ml_lifecycle.evaluation.metrics import Metric
    from ml_lifecycle.modeling.predictor import Predictor
    from ml_lifecycle.modeling.samples import Samples
    from ml_lifecycle.modeling.target import Target


#: Fewer rows are too few to see whether errors follow on errors.
_LEAST_IN_TIME = 100


class SplitSamples:
    """Gathers samples of any split of a project's rows; the target is fitted once, on all labelled rows."""

    def __init__(
        self,
        project: ProjectConfig,
        validated_data: Any,
        data_splits: Any,
        features: Any,
        names: Sequence[str] | None = None,
    ) -> None:
        from ml_lifecycle.modeling.samples import fit_target

        self._project = project
        self._rows = validated_data
        self._assignment = data_splits
        self._features = features
        self._names = names
        self.target: Target = fit_target(validated_data, data_splits, project.brief)

    def of(self, split: str) -> "Samples":
        """The samples of one split."""
        from ml_lifecycle.modeling.samples import build_samples

        return build_samples(
            self._rows,
            self._features,
            self._assignment,
            split,
            target=self.target,
            names=self._names,
            group=self._project.dataset.group,
            event_time=self._project.dataset.event_time,
        )

    def groups_of(self, samples: "Samples") -> Any:
        """The group or entity of each row as a code, shape (n,); None where rows are independent, or by query."""
        import pandas as pd

        data = self._project.dataset
        dependent = data.group or data.entity
        if samples.query is not None or dependent not in self._rows.columns:
            return None
        values = self._rows.set_index("_row_id")[dependent].loc[samples.row_ids]
        return pd.factorize(values, use_na_sentinel=False)[0]


def primary_metric(project: ProjectConfig, target: "Target") -> "Metric":
    """The metric that search and comparison optimise: as the brief says, else the default of the kind."""
    from ml_lifecycle.evaluation.metrics import metric_for

    threshold = project.evaluation.threshold
    return metric_for(target.kind, project.brief.metric, threshold=threshold, costs=costs_of(project, target))


def metrics_at_hand(project: ProjectConfig, target: "Target") -> list["Metric"]:
    """Every metric that the project reports, at its threshold and with its costs."""
    from ml_lifecycle.evaluation.metrics import metrics_of

    wanted = [*project.evaluation.metrics, *(criterion.metric for criterion in project.brief.criteria)]
    found = metrics_of(target.kind, list(dict.fromkeys(wanted)), costs_of(project, target))
    return [metric.at(project.evaluation.threshold) for metric in found]


def costs_of(project: ProjectConfig, target: "Target") -> "CostMatrix | None":
    """What mistakes cost, as the brief says; None where it does not."""
    from ml_lifecycle.evaluation.measures.costs import CostMatrix

    return CostMatrix.of(project.brief.costs, target.classes)


def decision_of(predictor: "Predictor") -> "Decide | None":
    """How a predictor makes classes of predictions; None where nothing was chosen for it."""
    return None if predictor.decision is None else predictor.decision.codes


def with_history(project: ProjectConfig, validated_data: Any) -> Any:
    """All rows with the history columns of the project, which models read like any other; the same rows without them.

    To be computed once for a step, before any rows are left out: a row looks back on rows of whatever split.
    """
    from ml_lifecycle.features.history.windows import add_history

    return add_history(validated_data, project)


def labelled_rows(
    project: ProjectConfig, validated_data: Any, data_splits: Any, split: str, target: "Target"
) -> "LabelledRows":
    """The raw rows of one split with their encoded targets, and which of them belong together."""
    return label_rows(project, rows_of_splits(validated_data, data_splits, [split]), target)


def label_rows(project: ProjectConfig, rows: Any, target: "Target") -> "LabelledRows":
    """Raw rows with their encoded targets, and which of them belong together."""
    import pandas as pd

    data, ranked = project.dataset, project.brief.task == "ranking"
    dependent = data.group or data.entity
    codes = pd.factorize(rows[dependent], use_na_sentinel=False)[0] if dependent in rows.columns else None
    y = target.encode(rows[project.brief.target])
    return LabelledRows(rows, y, query=codes if ranked else None, groups=None if ranked else codes)


def rows_of_splits(validated_data: Any, data_splits: Any, splits: Sequence[str]) -> Any:
    """The raw rows of several splits, in the order of the data."""
    ids = data_splits.loc[data_splits["_split"].isin(list(splits)), "_row_id"]
    return validated_data.loc[validated_data["_row_id"].isin(ids)].reset_index(drop=True)


def blocks_in_time(project: ProjectConfig, rows: "LabelledRows", metric: "Metric", models: Sequence[Any]) -> Any:
    """The groups of rows that depend on each other; where none are named, stretches of time if errors follow errors.

    Args:
        project: Names the event time.
        rows: The rows; those with queries or groups keep them.
        metric: What is judged.
        models: The predictions of the model, or of two that are compared: then what counts is their difference.
    """
    time = project.dataset.event_time
    if rows.groups is not None or rows.query is not None or time is None or len(rows.rows) < _LEAST_IN_TIME:
        return rows.groups
    from ml_lifecycle.evaluation.inference.time_blocks import blocks_of

    losses = [metric.row_losses(metric.score(rows.y, predictions)) for predictions in models]
    values = losses[0] - losses[1] if len(losses) > 1 else losses[0]
    return blocks_of(rows.rows[time].to_numpy(), values=values)


class LabelledRows(NamedTuple):
    """Raw rows and their targets, shape (n,); codes of their queries in ranking, else of the groups they depend on."""

    rows: Any
    y: Any
    query: Any
    groups: Any

    def take(self, mask: Any) -> "LabelledRows":
        """Some of them, by a mask of shape (n,)."""
        rows = self.rows.loc[mask].reset_index(drop=True)
        return LabelledRows(rows, self.y[mask], *(None if codes is None else codes[mask] for codes in self[2:]))
