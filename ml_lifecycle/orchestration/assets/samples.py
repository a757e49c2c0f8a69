"""The samples of a split, as several assets need them. How samples are made lives in `modeling.samples`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ml_lifecycle.config.project import ProjectConfig

if TYPE_CHECKING:
    from ml_lifecycle.modeling.samples import Samples
    from ml_lifecycle.modeling.target import Target


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
        from ml_lifecycle.modeling.target import Target as FittedTarget

        self._project = project
        self._rows = validated_data
        self._assignment = data_splits
        self._features = features
        self._names = names
        labelled = data_splits.loc[data_splits["_split"] != "unlabeled", "_row_id"]
        values = validated_data.loc[validated_data["_row_id"].isin(labelled), project.brief.target]
        brief = project.brief
        self.target: Target = FittedTarget.fit(
            values, brief.task, name=brief.target, positive_class=brief.positive_class
        )

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
