"""The model in production as the assets need it: its package, its predictions, and what it was compared against.

Which version it is says the ledger; where its package lies says the registry. Both live in `release`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import StateError
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.window_runs import once

if TYPE_CHECKING:
    from ml_lifecycle.config.brief import Kind
    from ml_lifecycle.release.packaging import Package


#: The fact of a package that names the version it was compared with.
COMPARED_WITH = "compared_with"
#: The fact of a package under which the test metric stands as it would have been estimated without outcomes.
TEST_ESTIMATE = "test_estimate"


@dataclass(frozen=True)
class Champion:
    """A version in production."""

    workspace: Workspace
    version: str

    @classmethod
    def find(cls, workspace: Workspace) -> "Champion | None":
        """The version in production, if there is one."""
        version = workspace.ledger.champion(workspace.project.name)
        return None if version is None else cls(workspace, version)

    @classmethod
    def require(cls, workspace: Workspace) -> "Champion":
        """The version in production.

        Raises:
            StateError: There is none.
        """
        found = cls.find(workspace)
        if found is None:
            name = workspace.project.name
            raise StateError(
                f"project {name!r} has no model in production",
                expected="a deployed version",
                got="none",
                advice=f"run `ml-lifecycle run {name}`, or materialise the job {name}_lifecycle",
            )
        return found

    @cached_property
    def package(self) -> "Package":
        """Its package, checked against its checksums."""
        from ml_lifecycle.release.packaging import load_package

        return load_package(self.workspace.registry.fetch(self.workspace.project.name, self.version))

    @property
    def kind(self) -> "Kind":
        """The kind of problem it was fitted for."""
        return self.package.predictor.target.kind

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of its classes, where there are more than two."""
        from ml_lifecycle.config.brief import Kind

        target = self.package.predictor.target
        return tuple(str(name) for name in target.classes) if target.kind is Kind.MULTICLASS else ()

    def test_value(self, metric: str) -> float:
        """The value of a metric on the test split, when this version was made; NaN where it was not measured."""
        return float(self.package.manifest.metrics.get(metric, float("nan")))

    def outcomes_of(self, frame: Any) -> Any:
        """Encoded outcomes of logged rows, shape (n,), NaN where none is known."""
        import numpy as np

        values = np.full(len(frame), np.nan)
        known = frame["outcome"].notna().to_numpy()
        if known.any():
            values[known] = self.package.predictor.target.encode(frame.loc[known, "outcome"])
        return values

    def queries_of(self, frame: Any) -> Any:
        """Query codes of logged rows in ranking, shape (n,); else None."""
        import pandas as pd

        group = self.workspace.project.dataset.group
        ranked = self.workspace.project.brief.task == "ranking" and group in frame.columns
        return pd.factorize(frame[group])[0] if ranked else None

    def with_history(self, table: Any) -> Any:
        """All rows with the history columns that this version reads, where the table has not got them yet.

        They are computed on the table, as those of a candidate are: what the package remembers ends where it was made.
        """
        import pandas as pd

        from ml_lifecycle.features.history.windows import compute_history

        state = self.package.history
        specs = () if state is None else [spec for spec in state.specs if not set(spec.outputs) <= set(table.columns)]
        made = [compute_history(spec, table) for spec in specs]
        absent = {name: cells for found in made for name, cells in found.items() if name not in table.columns}
        return pd.concat([table, pd.DataFrame(absent, index=table.index)], axis=1) if absent else table

    def predict_for(self, rows: Any, target: Any) -> Any:
        """Predictions for rows in the classes of a candidate's target; a class it does not know has probability 0.

        Raises:
            StateError: The two do not predict the same: another kind, or another positive class.
        """
        import numpy as np

        own = self.package.predictor.target
        predictions = self.package.predictor.predict(self.package.coerce(rows))
        if own.kind is target.kind and own.classes == target.classes:
            return predictions
        if own.kind is not target.kind or predictions.ndim == 1:
            raise StateError(
                f"version {self.version} in production predicts something else than the candidate",
                expected=f"{own.kind} of {list(own.classes)}",
                got=f"{target.kind} of {list(target.classes)}",
                advice="give the changed problem a project of its own, or set brief.positive_class as it was",
            )
        known = {label: code for code, label in enumerate(own.classes)}
        columns = [predictions[:, known[label]] if label in known else np.zeros(len(rows)) for label in target.classes]
        return np.stack(columns, axis=1)

    def decide_for(self, target: Any) -> Any:
        """How it makes classes of predictions in the classes of a candidate's target; None where nothing was chosen."""
        own = self.package.predictor
        return own.decision.codes if own.decision is not None and own.target.classes == target.classes else None

    def compared_against(self, lineage: Mapping[str, str]) -> str:
        """What the comparison depends on: this version, or what it was compared with if it is the candidate itself.

        A candidate that has become champion must not be compared with itself when the same run is made again.
        """
        manifest = self.package.manifest
        same = all(manifest.lineage.get(asset) == lineage.get(asset) for asset in ("optimized_model", "data_splits"))
        return str(manifest.facts.get(COMPARED_WITH)) if same else self.version


def champion_of_run(project: ProjectConfig) -> Champion:
    """The version in production, the same for all windows of a run.

    Raises:
        StateError: There is none.
    """
    return once("champion", lambda: Champion.require(Workspace(project)))


def judged_version(project: ProjectConfig, window: Any) -> Champion:
    """The version whose predictions of a window are judged: the one in production, if the window has any of its own.

    Otherwise the one that made most of them: a window that is judged again, because its outcomes came late, says of the
    version of then how good it was, whatever is in production now.

    Raises:
        StateError: No version is in production.
    """
    champion = champion_of_run(project)
    if not window.versions or champion.version in window.versions:
        return champion
    version = next(iter(window.versions))
    return once(f"version {version}", lambda: Champion(champion.workspace, version))
