"""How the next configuration is chosen (samplers), and which trials are stopped early (pruners), by Optuna.

Each trial draws from a seed of its own, made of the search's seed and the trial's place among those that were drawn.
So a search that was interrupted draws what it would have drawn; and random and grid searches, whose draws depend on
nothing else, try the same configurations whatever the number of processes.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from ml_lifecycle.config.modeling import ModelingConfig, SearchConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.modeling.search import Search
from ml_lifecycle.modeling.search_space import Choice, Parameter, Range, Space

#: Complete trials before the median rule prunes, and the first step at which it does.
FREE_TRIALS = 4
FIRST_STEP = 1
#: Of so many trials one goes on, in successive halving and where rows grow.
HALVING = 3
_METHODS: Mapping[str, Callable[[int], BaseSampler]] = {
    "random": lambda seed: RandomSampler(seed=seed),
    "tpe": lambda seed: TPESampler(seed=seed),
    "gp": lambda seed: GPSampler(seed=seed, independent_sampler=TPESampler(seed=seed)),
    "cmaes": lambda seed: CmaEsSampler(
        seed=seed, independent_sampler=TPESampler(seed=seed), warn_independent_sampling=False
    ),
}
_EXTRAS = {"cmaes": ("cmaes", "cmaes"), "gp": ("torch", "gp")}


def make_sampler(config: ModelingConfig, space: Space) -> BaseSampler:
    """The sampler of the configured method.

    Raises:
        ConfigError: The method needs an extra that is not installed, or cannot search for two objectives.
    """
    method = config.search.method
    if method == "grid":
        return SeededSampler(lambda _: GridWalk(space, config.search.grid_points, config.seed), config.seed)
    _require(config.search)
    return SeededSampler(_METHODS[method], config.seed)


def make_pruner(search: Search) -> BasePruner:
    """The pruner as configured. Hyperband and successive halving: Li et al. 2018 and 2020; median: Golovin et al. 2017.

    With folds a step is a fold, and trials are compared after the first already.
    """
    kind, steps = search.config.search.pruner, len(search.parts) if search.has_folds else search.last_step
    if kind == "none" or search.for_latency:
        return NopPruner()
    if kind == "median":
        first = 0 if search.has_folds else FIRST_STEP
        return MedianPruner(n_startup_trials=FREE_TRIALS, n_warmup_steps=first)
    if kind == "successive_halving":
        return SuccessiveHalvingPruner(min_resource=1, reduction_factor=HALVING)
    return HyperbandPruner(min_resource=1, max_resource=max(steps, 1), reduction_factor=HALVING)


def to_distribution(domain: Range | Choice) -> BaseDistribution:
    """A domain in Optuna's words."""
    if isinstance(domain, Choice):
        return CategoricalDistribution(domain.options)
    if domain.integer:
        return IntDistribution(int(domain.low), int(domain.high), log=domain.log)
    return FloatDistribution(domain.low, domain.high, log=domain.log)


def count_grid(space: Space, points: int) -> int:
    """Configurations of the whole grid."""
    return int(np.prod([len(list_points(domain, points)) for domain in space.values()], dtype=np.float64))


def list_points(domain: Range | Choice, points: int) -> list[Parameter]:
    """The values of a domain on the grid: all options, or evenly spread numbers (of the logarithm where it counts).

    >>> list_points(Range(1, 100, log=True, integer=True), 3)
    [1, 10, 100]
    """
    if isinstance(domain, Choice):
        return list(domain.options)
    spread = np.geomspace if domain.log else np.linspace
    values = np.clip(spread(domain.low, domain.high, points), domain.low, domain.high)
    found: list[Parameter] = [int(value) for value in np.unique(values.round())] if domain.integer else values.tolist()
    return list(dict.fromkeys(found))


def place_among_drawn(trials: list[FrozenTrial], number: int) -> int:
    """How many trials before this one were drawn, rather than given."""
    return sum(1 for trial in trials if trial.number < number and "fixed_params" not in trial.system_attrs)


class SeededSampler(BaseSampler):  # type: ignore[misc]
    """Makes a fresh sampler for each trial, from a seed that belongs to the trial.

    Args:
        make: A sampler of a seed.
        seed: The seed of the search.
    """

    def __init__(self, make: Callable[[int], BaseSampler], seed: int) -> None:
        self._make = make
        self._seed = seed
        self._current = make(seed)
        self.study: Study | None = None

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Begin the trial's own draws."""
        place = place_among_drawn((self.study or study).get_trials(deepcopy=False), trial.number)
        self._current = self._make(int(np.random.SeedSequence([self._seed, place]).generate_state(1)[0]))
        if isinstance(self._current, GridWalk):
            self._current.place = place
        self._current.before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """What is drawn together."""
        return dict(self._current.infer_relative_search_space(study, trial))

    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: dict[str, Any]) -> dict[str, Any]:
        """Draw it."""
        return dict(self._current.sample_relative(study, trial, search_space))

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:  # noqa: ANN401 - a value of any hyperparameter
        """Draw what is drawn alone."""
        return self._current.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Any) -> None:  # noqa: ANN401
        """Let the method note the trial."""
        self._current.after_trial(study, trial, state, values)


class GridWalk(BaseSampler):  # type: ignore[misc]
    """The points of a grid, each once, in an order that the seed shuffles: a search that ends early has seen all over.

    Args:
        space: What is searched.
        points: Values per number.
        seed: Shuffles the order.
    """

    def __init__(self, space: Space, points: int, seed: int) -> None:
        self._distributions = {name: to_distribution(domain) for name, domain in space.items()}
        self._points = {name: list_points(domain, points) for name, domain in space.items()}
        self._step = _stride(count_grid(space, points), seed)
        self._size = count_grid(space, points)
        self.place = 0

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """The whole space."""
        del study, trial
        return dict(self._distributions)

    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: dict[str, Any]) -> dict[str, Any]:
        """The point of this place."""
        del study, trial, search_space
        rest = self.place * self._step % self._size
        found = {}
        for name, values in self._points.items():
            rest, at = divmod(rest, len(values))
            found[name] = values[at]
        return found

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:  # noqa: ANN401 - a value of any hyperparameter
        """Never asked: a point names all hyperparameters."""
        raise NotImplementedError(param_name)


def _stride(size: int, seed: int) -> int:
    """A number without a common divisor with the size: its multiples visit each point once, in a scattered order."""
    start = int(np.random.default_rng(seed).integers(size // 3, 2 * size // 3 + 1))
    return next(number for number in range(max(start, 1), 2 * size + 2) if np.gcd(number, size) == 1)


def _require(search: SearchConfig) -> None:
    package, extra = _EXTRAS.get(search.method, ("", ""))
    if search.objective != "quality" and search.method == "cmaes":
        raise ConfigError(
            "CMA-ES searches for one objective only",
            expected="tpe, random, grid or gp with modeling.search.objective: quality_and_latency",
            got="modeling.search.method: cmaes",
            advice="choose another method, or the objective quality",
        )
    if package and importlib.util.find_spec(package) is None:
        raise ConfigError(
            f"the search method {search.method} needs a package that is not installed",
            expected=f"the package {package}",
            got="none",
            advice=f'install it with `pip install "ml-lifecycle[{extra}]"`, or set modeling.search.method to tpe',
        )
