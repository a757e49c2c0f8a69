"""Which version answers: the ledger's champion, swapped in without a gap, and beside it what is rolled out."""

from pathlib import Path

import pytest

from ml_lifecycle.config.release import RolloutConfig
from ml_lifecycle.release.ledger import Ledger
from ml_lifecycle.release.registry import Registry
from ml_lifecycle.release.rollout import PROBLEM, Rollouts
from ml_lifecycle.release.rollout_steps import abort_rollout, advance_rollout, start_rollout
from ml_lifecycle.serving.champion import ChampionProvider
from ml_lifecycle.serving.routing import CANARY as CANARY_ROLE
from ml_lifecycle.serving.routing import CHAMPION
from ml_lifecycle_tests.release import tiny


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> tuple[Registry, list[str]]:
    """A real registry with two versions that predict differently."""
    uri = tiny.mlflow_folder(tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("mlflow"))
    run_id = tiny.begin_run(uri, tmp_path_factory.mktemp("artifacts"))
    registry, versions = Registry(uri), []
    for seed in range(2):
        folder = tmp_path_factory.mktemp("package") / "package"
        tiny.write(folder, seed=seed)
        versions.append(registry.register("tiny", folder, run_id=run_id))
    return registry, versions


def _provider(store: tuple[Registry, list[str]], folder: Path, seconds: float = 0.0) -> tuple[ChampionProvider, Ledger]:
    ledger = Ledger(f"sqlite:///{folder / 'service.db'}")
    return ChampionProvider("tiny", registry=store[0], ledger=ledger, seconds=seconds), ledger


def _ready(provider: ChampionProvider) -> bool:
    return provider.served is not None


def test_a_new_champion_takes_over(store: tuple[Registry, list[str]], tmp_path: Path) -> None:
    """None before the first; the next is there after the next look, and answers differently."""
    provider, ledger = _provider(store, tmp_path)
    provider.refresh()
    assert not _ready(provider)
    said: list[object] = []
    for version in store[1]:
        ledger.append("tiny", version, "champion", by="r")
        provider.refresh()
        assert provider.served is not None
        assert provider.served.version == version
        said.append(provider.served.scorer.score_rows([{"income": 40.0, "age": 30, "city": "Riga"}])[0].output)
    assert said[0] != said[1]
    served = provider.served
    provider.refresh()
    assert provider.served is served


def test_the_ledger_is_not_asked_more_often_than_told(store: tuple[Registry, list[str]], tmp_path: Path) -> None:
    """Within the time the answer of before holds."""
    provider, ledger = _provider(store, tmp_path, seconds=60)
    provider.refresh()
    ledger.append("tiny", store[1][0], "champion", by="r")
    provider.refresh()
    assert provider.served is None


def test_a_champion_that_cannot_be_loaded_leaves_the_old_one_answering(
    store: tuple[Registry, list[str]], tmp_path: Path
) -> None:
    """The problem is told, and gone when the next champion is whole."""
    provider, ledger = _provider(store, tmp_path)
    ledger.append("tiny", store[1][0], "champion", by="r")
    provider.refresh()
    ledger.append("tiny", "99", "champion", by="r")
    provider.refresh()
    assert provider.served is not None
    assert provider.served.version == store[1][0]
    assert "99" in provider.problem
    ledger.append("tiny", "99", "rolled_back", by="r")
    provider.refresh()
    assert provider.problem == ""


CANARY = RolloutConfig(strategy="canary", steps=(0.5, 1.0))


def _begin(provider: ChampionProvider, ledger: Ledger, version: str, config: RolloutConfig = CANARY) -> Rollouts:
    """Roll a version out beside the champion."""
    rollouts = Rollouts(ledger.url)
    start_rollout("tiny", version, config, ledger=ledger, rollouts=rollouts, by="t")
    provider.refresh()
    return rollouts


def _versions(provider: ChampionProvider) -> set[tuple[str, str]]:
    """Who answers fifty callers, and in which roles."""
    picks = [provider.pick(f"customer-{number}") for number in range(50)]
    return {(pick.served.version, pick.role) for pick in picks}


def test_a_canary_answers_its_share_and_becomes_champion_as_it_is(
    store: tuple[Registry, list[str]], tmp_path: Path
) -> None:
    """Nothing is loaded again when it takes over."""
    provider, ledger = _provider(store, tmp_path)
    old, new = store[1]
    ledger.append("tiny", old, "champion", by="r")
    rollouts = _begin(provider, ledger, new)
    assert _versions(provider) == {(old, CHAMPION), (new, CANARY_ROLE)}
    loaded = next(pick.served for pick in map(provider.pick, map(str, range(50))) if pick.role == CANARY_ROLE)
    state = rollouts.running("tiny")
    assert state is not None
    state = advance_rollout(state, rollouts=rollouts, by="t")
    provider.refresh()
    assert _versions(provider) == {(new, CANARY_ROLE)}
    ledger.append("tiny", old, "retired", by="r")
    ledger.append("tiny", new, "champion", by="r")
    for _ in range(2):  # before the rollout has ended, and after
        provider.refresh()
        assert provider.served is loaded
        assert _versions(provider) == {(new, CHAMPION)}
        abort_rollout("tiny", "over", ledger=ledger, rollouts=rollouts, by="t")


def test_a_rollback_leaves_everybody_to_the_champion(store: tuple[Registry, list[str]], tmp_path: Path) -> None:
    """At the next look."""
    provider, ledger = _provider(store, tmp_path)
    ledger.append("tiny", store[1][0], "champion", by="r")
    rollouts = _begin(provider, ledger, store[1][1])
    abort_rollout("tiny", "worse", ledger=ledger, rollouts=rollouts, by="t")
    provider.refresh()
    assert _versions(provider) == {(store[1][0], CHAMPION)}


def test_a_shadow_is_ready_and_answers_nobody(store: tuple[Registry, list[str]], tmp_path: Path) -> None:
    """Who serves asks it by itself."""
    provider, ledger = _provider(store, tmp_path)
    ledger.append("tiny", store[1][0], "champion", by="r")
    _begin(provider, ledger, store[1][1], RolloutConfig(strategy="shadow"))
    assert provider.shadow is not None
    assert provider.shadow.version == store[1][1]
    assert _versions(provider) == {(store[1][0], CHAMPION)}


def test_a_broken_canary_does_not_disturb_the_champion(store: tuple[Registry, list[str]], tmp_path: Path) -> None:
    """It gets no caller; the rollout is told, once, as is whoever asks; the champion is not bothered."""
    provider, ledger = _provider(store, tmp_path)
    ledger.append("tiny", store[1][0], "champion", by="r")
    rollouts = _begin(provider, ledger, "99")
    provider.refresh()
    assert _versions(provider) == {(store[1][0], CHAMPION)}
    assert "99" in provider.problem
    told = rollouts.history("tiny")[1:]
    assert [(item.by, "99" in item.evidence[PROBLEM]) for item in told] == [("server", True)]
    abort_rollout("tiny", "broken", ledger=ledger, rollouts=rollouts, by="t")
    provider.refresh()
    assert provider.problem == ""


class _Slow(Registry):
    """A registry that says who answers while a version is fetched."""

    provider: ChampionProvider | None = None
    seen: list[tuple[str, str | None]] = []  # noqa: RUF012 - one test, one list

    def fetch(self, project: str, version: str) -> Path:
        if self.provider is not None:
            served = self.provider.served
            self.seen.append((version, served.version if served else None))
        return super().fetch(project, version)


def test_the_champion_answers_while_a_canary_is_loaded(store: tuple[Registry, list[str]], tmp_path: Path) -> None:
    """Also in a server that has just started in the middle of a rollout."""
    old, new = store[1]
    registry = _Slow(store[0].uri)
    provider, ledger = _provider((registry, store[1]), tmp_path)
    registry.provider = provider
    ledger.append("tiny", old, "champion", by="r")
    _begin(provider, ledger, new)
    assert registry.seen == [(old, None), (new, old)]
