"""A blend: several models as one, their predictions mixed by weights. Who mixes which models is decided in `ensemble`.

Its family fits it again from its hyperparameters, which name the members with theirs, so that all that fits a model
again (proofs, folds, learning curves) works on a blend as on any model. It is not a family to be named in the YAML.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from ml_lifecycle.errors import PackageError
from ml_lifecycle.modeling.estimators.base import Family, Fit, FittedModel, Prepared, require_file
from ml_lifecycle.modeling.estimators.capabilities import OBJECTIVES, Capabilities
from ml_lifecycle.modeling.estimators.facts import FACTS_FILE, Goal, ModelFacts, normalise
from ml_lifecycle.modeling.estimators.rounds import Rounds
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.search_space import Parameter, Space

NAME = "blend"
MEMBERS_FOLDER = "members/"
#: `mean`: predictions are weighted and added. `odds`: their log odds are, and turned into probabilities again.
Link: TypeAlias = Literal["mean", "odds"]
#: Probabilities nearer to 0 and 1 than this have no further log odds.
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Mix:
    """How the predictions of several models become one.

    Args:
        link: What is added.
        weights: One per member.
        intercepts: Added in the end: one, or one per class.
    """

    link: Link
    weights: tuple[float, ...]
    intercepts: tuple[float, ...] = (0.0,)

    def __call__(self, predictions: Sequence[np.ndarray]) -> np.ndarray:
        """Mix predictions, each of shape (n,) or (n, k); rows are rounded alike, whether they come alone or not."""
        total = np.zeros_like(predictions[0]) + np.asarray(self.intercepts)
        for weight, part in zip(self.weights, predictions, strict=True):
            total += weight * (part if self.link == "mean" else log_odds(part))
        if self.link == "mean":
            return np.asarray(total)
        if total.ndim == 1:
            return np.asarray(1 / (1 + np.exp(-total)))
        odds = np.exp(total - total.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def log_odds(p: np.ndarray) -> np.ndarray:
    """Log odds of probabilities (n,); logarithms of probabilities (n, k), which are as good for several classes."""
    clipped = np.clip(p, _TINY, 1 - _TINY)
    return np.asarray(np.log(clipped) - np.log1p(-clipped) if p.ndim == 1 else np.log(clipped))


class BlendModel(FittedModel):
    """Several models of one goal on the same features, mixed.

    Args:
        facts: What is known of it.
        members: The models, in the order of the weights.
    """

    def __init__(self, facts: ModelFacts, members: Sequence[FittedModel]) -> None:
        super().__init__(facts)
        self.members = tuple(members)
        self.mix = _read_mix(facts)
        if len(self.members) != len(self.mix.weights) or any(one.facts.names != facts.names for one in self.members):
            raise PackageError(
                "the members of a blend do not fit together",
                expected=f"{len(self.mix.weights)} models of the same {len(facts.names)} features",
                got=f"{len(self.members)} of {[len(one.facts.names) for one in self.members]}",
                advice="package the model again",
            )

    def _predict(self, values: np.ndarray) -> np.ndarray:
        return self.mix([member.predict(values) for member in self.members])

    def _predict_row(self, values: np.ndarray) -> Any:  # noqa: ANN401 - a figure, or an array of them
        return self.mix([np.asarray([member.predict_row(values)]) for member in self.members])[0]

    def _payload(self) -> dict[str, bytes]:
        return {
            f"{MEMBERS_FOLDER}{number}/{name}": content
            for number, member in enumerate(self.members)
            for name, content in member.to_files().items()
        }

    @classmethod
    def from_files(cls, facts: ModelFacts, files: Mapping[str, bytes]) -> BlendModel:
        """Make the blend of the files of its members."""
        from ml_lifecycle.modeling.estimators import load_model  # it knows all families, this one among them

        members = []
        for number in range(len(_read_mix(facts).weights)):
            folder = f"{MEMBERS_FOLDER}{number}/"
            require_file(files, folder + FACTS_FILE)
            own = {name.removeprefix(folder): content for name, content in files.items() if name.startswith(folder)}
            members.append(load_model(own))
        return cls(facts, members)


def blend_models(members: Sequence[FittedModel], mix: Mix, goal: Goal) -> BlendModel:
    """Put fitted models together.

    Args:
        members: The models, all of the same goal and features.
        mix: How; one weight per member.
        goal: What they were fitted for.

    Raises:
        ValueError: There are no members.
    """
    if not members:
        raise ValueError("expected at least one member, got none")
    said = [{"family": one.family, "iterations": one.iterations, "parameters": dict(one.parameters)} for one in members]
    first = members[0].facts
    facts = ModelFacts(
        NAME,
        goal,
        names=first.names,
        categorical=first.categorical,
        parameters={
            "link": mix.link,
            "weights": json.dumps(mix.weights),
            "intercepts": json.dumps(mix.intercepts),
            "members": json.dumps(said, sort_keys=True),
        },
        iterations=max(one.iterations for one in members),
        rows=max(one.facts.rows for one in members),
        importance=_importance(members, mix),
    )
    return BlendModel(facts, members)


@dataclass(frozen=True, slots=True)
class PreparedMembers(Prepared):
    """Samples made ready once for each family among the members."""

    by_family: Mapping[str, Prepared]


class Blend(Family):
    """Fits the members of a blend again; the weights stay what they are."""

    name: ClassVar[str] = NAME
    #: What its members can do, it can do: weights are never negative, so that it also rises where all of them rise.
    capabilities: ClassVar[Capabilities] = Capabilities(
        missing_values=True,
        categories=True,
        monotone=True,
        ranking=True,
        quantiles=True,
        objectives=frozenset().union(*OBJECTIVES.values()),
        interpretability="low",
    )

    def default_parameters(self, rows: int, goal: Goal) -> dict[str, Parameter]:  # noqa: ARG002 - part of the contract
        """None: a blend has no members by default."""
        return {}

    def space(self, rows: int, goal: Goal) -> Space:  # noqa: ARG002 - part of the contract
        """Nothing: members are searched for, not their blend."""
        return {}

    def prepare(
        self, train: Samples, valid: Samples | None, goal: Goal, parameters: Mapping[str, Parameter]
    ) -> PreparedMembers:
        """Do once for each family what its members share."""
        from ml_lifecycle.modeling.estimators import get_family

        first: dict[str, Mapping[str, Parameter]] = {}
        for member in _read_members(parameters):
            first.setdefault(member["family"], member["parameters"])
        made = {name: get_family(name).prepare(train, valid, goal, own) for name, own in first.items()}
        return PreparedMembers(train, valid, goal, made)

    def fit(self, prepared: Prepared, parameters: Mapping[str, Parameter], rounds: Rounds) -> Fit:
        """Fit each member for the rounds it had, or fewer; nothing is stopped early."""
        from ml_lifecycle.modeling.estimators import get_family

        if not isinstance(prepared, PreparedMembers):
            raise TypeError(f"expected samples that Blend.prepare made, got {type(prepared).__name__}")
        fits = []
        for member in _read_members(parameters):
            rules = Rounds(min(int(member["iterations"]), rounds.most), deadline=rounds.deadline)
            family = get_family(member["family"])
            fits.append(family.fit(prepared.by_family[family.name], member["parameters"], rules))
        model = blend_models([fit.model for fit in fits], _mix_of(parameters), prepared.goal)
        score, valid = float("nan"), prepared.valid
        if rounds.score is not None and valid is not None:
            score = float(rounds.score(valid.y, model.predict_matrix(valid.matrix), valid.query))
        late = any(fit.stopped == "deadline" for fit in fits)
        return Fit(model, score, max(fit.rounds for fit in fits), "deadline" if late else "most")


def _importance(members: Sequence[FittedModel], mix: Mix) -> dict[str, float]:
    names = members[0].facts.names
    shares = np.abs(mix.weights) / max(float(np.abs(mix.weights).sum()), _TINY)
    weights = np.zeros(len(names))
    for share, member in zip(shares, members, strict=True):
        known = member.importance()
        weights += share * np.array([known.get(name, 0.0) for name in names])
    return normalise(names, weights)


def _read_members(parameters: Mapping[str, Parameter]) -> list[dict[str, Any]]:
    members: list[dict[str, Any]] = json.loads(str(parameters["members"]))
    return members


def _mix_of(parameters: Mapping[str, Parameter]) -> Mix:
    link: Link = "odds" if parameters["link"] == "odds" else "mean"
    weights, intercepts = (tuple(map(float, json.loads(str(parameters[key])))) for key in ("weights", "intercepts"))
    return Mix(link, weights, intercepts)


def _read_mix(facts: ModelFacts) -> Mix:
    try:
        return _mix_of(facts.parameters)
    except (KeyError, ValueError, TypeError) as error:
        raise PackageError(
            f"{FACTS_FILE} of a blend cannot be read",
            expected="link, weights and intercepts among the parameters",
            got=f"{type(error).__name__}: {error}",
            advice="package the model again",
        ) from error
