"""What is tried before, and after, what the method draws: the default, known configurations, the portfolio, slower."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from optuna import Study
from optuna.trial import FrozenTrial, TrialState

from ml_lifecycle.modeling.portfolio import clip, list_portfolio
from ml_lifecycle.modeling.search import Search
from ml_lifecycle.modeling.search_space import Parameter, Range
from ml_lifecycle.modeling.tuning.study import ORIGIN, list_earlier_best

#: Known configurations (the champion's, those of earlier searches) that are tried at most.
MOST_KNOWN = 3
#: One of so many trials may come from the portfolio.
PORTFOLIO_SHARE = 4
#: Trials from which on one is spent on the best configuration at a slower rate, how much slower it is, and how close to
#: the best's own rate it may come to be worth a trial.
SLOWER_FROM = 10
SLOWER = 0.4
SLOWER_AT_MOST = 0.8
#: Methods whose draws come after the portfolio; random and grid are what their names say.
_GUIDED = frozenset({"tpe", "cmaes", "gp"})


def enqueue_first(study: Study, search: Search, known: Sequence[Mapping[str, Parameter]]) -> None:
    """Queue the default configuration, then known ones, then the portfolio; what is there already is not repeated.

    With an empty journal and nothing known this is the same for the same search.
    """
    trials = [trial for trial in study.get_trials(deepcopy=False) if trial.state is not TrialState.FAIL]
    default, wanted = search.first(), search.config.search
    _enqueue_missing(study, trials, "default", [default])
    if not any(trial.user_attrs.get(ORIGIN, "search") in {"known", "search"} for trial in trials):
        _enqueue_missing(study, trials, "known", _list_known(study, search, known))
    if wanted.method in _GUIDED:
        few = wanted.trials // PORTFOLIO_SHARE
        portfolio = list_portfolio(search.family.name, search.space, default)
        _enqueue_missing(study, trials, "portfolio", portfolio[:few])


def plan_slower(best: FrozenTrial, search: Search, affordable: float = SLOWER) -> dict[str, Parameter] | None:
    """The best configuration at a slower rate of learning, which needs more rounds and is mostly a little better.

    Args:
        best: The best trial.
        search: The search; its space bounds the rate.
        affordable: The slowest rate that time allows, as a share of the best's.

    Returns:
        None where the rate is not searched, or cannot be much slower.
    """
    domain = search.space.get("learning_rate")
    if not isinstance(domain, Range) or "learning_rate" not in best.params:
        return None
    rate = float(best.params["learning_rate"])
    slower = max(domain.low, rate * max(SLOWER, affordable))
    return None if slower > SLOWER_AT_MOST * rate else {**best.params, "learning_rate": slower}


def enqueue_slower(study: Study, best: FrozenTrial, params: Mapping[str, Parameter]) -> None:
    """Queue the slower form of a trial, once."""
    study.enqueue_trial(dict(params), user_attrs={ORIGIN: "slower", "of": best.number})


def was_slowed(study: Study, best: FrozenTrial) -> bool:
    """Whether the slower form of a trial was queued before, or it is one itself."""
    asked = {trial.user_attrs.get("of") for trial in study.get_trials(deepcopy=False)}
    return best.number in asked or best.user_attrs.get(ORIGIN) == "slower"


def _list_known(study: Study, search: Search, known: Sequence[Mapping[str, Parameter]]) -> list[dict[str, Parameter]]:
    if not search.config.search.warm_start or search.config.search.method == "grid":
        return []
    default = search.first()
    earlier = list_earlier_best(study, search, MOST_KNOWN)
    found: list[dict[str, Parameter]] = []
    for params in [*known, *earlier]:
        whole = clip(params, search.space, default)
        if whole != default and whole not in found:
            found.append(whole)
    return found[: min(MOST_KNOWN, max(search.config.search.trials - 1, 0))]


def _enqueue_missing(
    study: Study, trials: list[FrozenTrial], origin: str, wanted: Sequence[Mapping[str, Parameter]]
) -> None:
    have = sum(trial.user_attrs.get(ORIGIN) == origin for trial in trials)
    for params in wanted[have:]:
        study.enqueue_trial(dict(params), user_attrs={ORIGIN: origin})
