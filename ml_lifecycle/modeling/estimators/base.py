"""The contract of all families: a `Family` makes a `FittedModel` of samples.

The families are one file each beside this one. What is stored is JSON, a library's own text, or skops files with a
closed list of types: never pickle.
"""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ml_lifecycle.errors import ConfigError, ModelError, PackageError
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.estimators.capabilities import Capabilities, check_goal, check_labels
from ml_lifecycle.modeling.estimators.facts import FACTS_FILE, Goal, ModelFacts, normalise
from ml_lifecycle.modeling.estimators.rounds import Rounds, RoundWatch, Stop
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.search_space import Parameter, Space


class FittedModel(ABC):
    """A model that predicts.

    Predictions are float64: binary (n,) probabilities of the positive class; multiclass (n, k) probabilities;
    regression and ranking (n,) values.
    """

    def __init__(self, facts: ModelFacts) -> None:
        self.facts = facts

    @property
    def family(self) -> str:
        """The name of its family."""
        return self.facts.family

    @property
    def parameters(self) -> dict[str, Parameter]:
        """The hyperparameters it was fitted with."""
        return dict(self.facts.parameters)

    @property
    def iterations(self) -> int:
        """Rounds it consists of."""
        return self.facts.iterations

    def importance(self) -> dict[str, float]:
        """Share of each feature in what the model does."""
        return dict(self.facts.importance)

    def predict(self, values: np.ndarray) -> np.ndarray:
        """Predict rows.

        Args:
            values: (n, f) features in the order of `facts.names`.

        Raises:
            ModelError: The number of features is another one.
        """
        self._check_count(values, dimensions=2)
        if len(values) == 0:
            return np.empty((0, self.facts.goal.outputs) if self.facts.goal.outputs > 1 else 0)
        return np.asarray(self._predict(np.ascontiguousarray(values, dtype=np.float32)), dtype=np.float64)

    def predict_row(self, values: np.ndarray) -> float | np.ndarray:
        """Predict one row of (f,) features: a float, or (k,) probabilities for multiclass.

        Raises:
            ModelError: The number of features is another one.
        """
        self._check_count(values, dimensions=1)
        answer = self._predict_row(values)
        return answer if self.facts.goal.outputs > 1 else float(answer)

    def predict_matrix(self, matrix: FeatureMatrix) -> np.ndarray:
        """Predict a named matrix, after seeing that its features are those of the training.

        Raises:
            ModelError: A feature is missing, new or in another place.
        """
        if tuple(matrix.names) != self.facts.names:
            raise ModelError(
                "the features are not those the model was fitted on",
                expected=_shorten(self.facts.names),
                got=_shorten(matrix.names),
                advice="select the model's features, in its order",
            )
        return self.predict(matrix.values)

    def quicken(self) -> bool:
        """Prepare for many requests of many rows: may take seconds, and changes no bit of an answer.

        Returns:
            Whether there was anything to prepare.
        """
        return False

    def contributions(self, values: np.ndarray) -> np.ndarray | None:
        """What each feature adds to each row's raw prediction (SHAP values), as the model's own library tells it.

        Args:
            values: (n, f) features.

        Returns:
            (n, f + 1, k) for k classes or one figure, the starting point last; None where the library cannot tell.
        """
        del values
        return None

    def first_rounds(self, rounds: int) -> FittedModel | None:
        """The model as it was after so many of its rounds; None where a model does not consist of rounds."""
        del rounds
        return None

    def stages(self, values: np.ndarray, marks: Sequence[int]) -> Iterator[np.ndarray] | None:
        """Predictions as they were after so many rounds each; None where rounds are no steps of learning.

        Args:
            values: (n, f) features.
            marks: Numbers of rounds, ascending, at most `iterations`.
        """
        del values, marks
        return None

    def to_files(self) -> dict[str, bytes]:
        """The model as files; `load_model` reads them."""
        return {FACTS_FILE: self.facts.to_json(), **self._payload()}

    @abstractmethod
    def _predict(self, values: np.ndarray) -> np.ndarray: ...

    @abstractmethod
    def _payload(self) -> dict[str, bytes]: ...

    @classmethod
    @abstractmethod
    def from_files(cls, facts: ModelFacts, files: Mapping[str, bytes]) -> FittedModel:
        """Make the model of its facts and the other files."""

    def _predict_row(self, values: np.ndarray) -> Any:  # noqa: ANN401 - a figure, or an array of them
        return self._predict(np.ascontiguousarray(values, dtype=np.float32).reshape(1, -1))[0]

    def _check_count(self, values: np.ndarray, dimensions: int) -> None:
        if values.ndim != dimensions or values.shape[-1] != len(self.facts.names):
            wanted = f"({'n, ' if dimensions > 1 else ''}{len(self.facts.names)})"
            raise ModelError(
                "the features do not fit the model",
                expected=f"an array of shape {wanted}",
                got=f"shape {values.shape}",
                advice="give exactly the features the model was fitted on",
            )


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model, and how its fitting went.

    Args:
        model: The model, at its best round.
        score: The score of that round on the validation rows; NaN where rounds were not judged.
        rounds: Rounds that were made; the model consists of `model.iterations` of them.
        stopped: What ended it: the most rounds, patience, or the deadline.
        curve: The score after each round on the validation rows, shape (rounds,), NaN for rounds that a family which
            works in groups of them did not look at; empty where rounds were not judged.
    """

    model: FittedModel
    score: float
    rounds: int
    stopped: Stop
    curve: np.ndarray = field(default_factory=lambda: np.empty(0), compare=False)

    @classmethod
    def of(cls, model: FittedModel, watch: RoundWatch) -> Fit:
        """What a watch has seen of a fit that ended with this model, at its best round."""
        return cls(model, watch.best_score, watch.done, watch.stopped or "most", watch.curve)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Samples made ready for many fits. Families that keep more (binned data) extend it."""

    train: Samples
    valid: Samples | None
    goal: Goal


class Family(ABC):
    """A family of models: its hyperparameters and how it is fitted."""

    #: The name in the YAML.
    name: ClassVar[str]
    #: Hyperparameters that may be fixed by hand besides those of the space.
    also_known: ClassVar[frozenset[str]] = frozenset()
    #: Rounds without a better score after which a fit ends; None where more rounds cannot make it worse.
    patience: ClassVar[int | None] = None
    #: The most rounds that make sense; None leaves it to `modeling.max_trees`.
    most_rounds: ClassVar[int | None] = None
    #: What it can do.
    capabilities: ClassVar[Capabilities]

    @abstractmethod
    def default_parameters(self, rows: int, goal: Goal) -> dict[str, Parameter]:
        """A good configuration for so many training rows."""

    @abstractmethod
    def space(self, rows: int, goal: Goal) -> Space:
        """The hyperparameters that are worth searching."""

    def idle(self, train: Samples) -> frozenset[str]:
        """Hyperparameters of the space that make no difference on such samples, and need no search."""
        del train
        return frozenset()

    @abstractmethod
    def fit(self, prepared: Prepared, parameters: Mapping[str, Parameter], rounds: Rounds) -> Fit:
        """Fit one model. Same samples, parameters, seed, threads and rounds give the same bytes."""

    def prepare(
        self,
        train: Samples,
        valid: Samples | None,
        goal: Goal,
        parameters: Mapping[str, Parameter],  # noqa: ARG002 - families that bin need it
    ) -> Prepared:
        """Do once what many fits on the same samples share.

        Raises:
            ConfigError: The family cannot do what the goal asks.
            ModelError: Nothing can be learnt from the samples.
        """
        check_goal(self, goal)
        check_learnable(train, goal)
        check_labels(train.y, goal)
        return Prepared(train, valid, goal)

    def cost_hint(self, rows: int, features: int, goal: Goal) -> float:
        """Roughly how many times as long a default fit takes as one of LightGBM on the same rows.

        An order of magnitude to plan by (which families to try within so many seconds), not a promise: machines, data
        and early stopping move it by a factor of three either way.

        Args:
            rows: Training rows.
            features: Features.
            goal: What is fitted.
        """
        del rows, features, goal
        return 1.0

    def check_parameters(self, parameters: Mapping[str, Parameter], rows: int, goal: Goal) -> None:
        """See that hyperparameters fixed by hand exist.

        Raises:
            ConfigError: One is unknown to the family, or not the user's to set.
        """
        known = self.also_known | set(self.space(rows, goal)) | set(self.default_parameters(rows, goal))
        for name in parameters:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                raise ConfigError(
                    f"modeling.parameters names {name!r}, which {self.name} does not have",
                    expected=f"some of {', '.join(sorted(known))}",
                    got=name,
                    advice=f"did you mean {near[0]!r}" if near else "remove it",
                )


def describe(
    family: str, prepared: Prepared, parameters: Mapping[str, Parameter], *, iterations: int, weights: np.ndarray
) -> ModelFacts:
    """The facts of a model that was fitted on prepared samples.

    Args:
        family: Its family.
        prepared: What it was fitted on.
        parameters: All hyperparameters.
        iterations: Rounds it consists of.
        weights: What each feature does in it, (f,), in any unit.
    """
    matrix = prepared.train.matrix
    return ModelFacts(
        family,
        prepared.goal,
        names=tuple(matrix.names),
        categorical=tuple(matrix.categorical),
        parameters=dict(parameters),
        iterations=iterations,
        rows=len(prepared.train.y),
        importance=normalise(tuple(matrix.names), np.asarray(weights, dtype=np.float64)),
    )


def check_learnable(train: Samples, goal: Goal) -> None:
    """See that there are rows, features, and more than one class.

    Raises:
        ModelError: One of them is missing.
    """
    found = ""
    if len(train.y) == 0 or train.matrix.values.shape[1] == 0:
        found = f"{len(train.y)} rows with {train.matrix.values.shape[1]} features"
    elif goal.is_classification and bool((train.y == train.y[0]).all()):
        found = f"{len(train.y)} rows of one class"
    if found:
        raise ModelError(
            "nothing can be learnt from the training rows",
            expected="rows with features" + (" of at least two classes" if goal.is_classification else ""),
            got=found,
            advice="see the split and the selected features",
        )


def require_file(files: Mapping[str, bytes], name: str) -> bytes:
    """A file of a stored model.

    Raises:
        PackageError: It is not there.
    """
    if name not in files:
        raise PackageError(
            f"{name} of a model is missing",
            expected=name,
            got=", ".join(sorted(files)) or "no files",
            advice="package the model again",
        )
    return files[name]


def _shorten(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:5])
    return f"{len(names)} features ({shown}{', ...' if len(names) > 5 else ''})"  # noqa: PLR2004 - what fits a line
