"""Back to the last good version: proven first, in one step, seen by a server that is running."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.config.release import RolloutConfig
from ml_lifecycle.errors import PackageError, StateError
from ml_lifecycle.release.ledger import BAD, Entry, Ledger, State, _now
from ml_lifecycle.release.registry import CHAMPION, Registry
from ml_lifecycle.release.rollback import last_good, roll_back
from ml_lifecycle.release.rollout import Rollouts
from ml_lifecycle.release.rollout_steps import start_rollout
from ml_lifecycle.serving.app import build_app
from ml_lifecycle.serving.champion import ChampionProvider
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle.serving.server import serve_in_thread
from ml_lifecycle_tests.release import tiny


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory, registry: Registry, run_id: str) -> list[str]:
    """Three registered versions that predict differently."""
    folders = [tmp_path_factory.mktemp("version") / "package" for _ in range(3)]
    for seed, folder in enumerate(folders):
        tiny.write(folder, seed=seed)
    return [registry.register("tiny", folder, run_id=run_id) for folder in folders]


@pytest.fixture
def risen(ledger: Ledger, registry: Registry, versions: list[str]) -> Iterator[Ledger]:
    """A ledger in which they went into production one after the other."""
    for place, version in enumerate(versions):
        digest = tiny_digest(registry, version)
        ledger.append("tiny", version, "candidate", by="r", evidence={"digest": digest})
        if place:
            ledger.append("tiny", versions[place - 1], "retired", by="r")
        ledger.append("tiny", version, "champion", by="r")
    registry.set_alias("tiny", CHAMPION, versions[-1])
    yield ledger
    registry.drop_alias("tiny", CHAMPION)


def tiny_digest(registry: Registry, version: str) -> str:
    """The hash of a version's package."""
    from ml_lifecycle.release.packaging import load_package

    return load_package(registry.fetch("tiny", version)).manifest.digest


def test_the_version_before_is_in_production_again(risen: Ledger, registry: Registry, versions: list[str]) -> None:
    """Alias and ledger agree; who and why is written; twice leads to the one before that, and no further."""
    first, second, third = versions
    done = roll_back("tiny", registry=registry, ledger=risen, by="ann", why="too many refusals")
    assert (done.version, done.left, done.rollout) == (second, third, None)
    assert (risen.champion("tiny"), registry.version_of("tiny", CHAMPION)) == (second, second)
    left, back = risen.history("tiny")[-2:]
    assert (left.version, left.state, left.by) == (third, State.ROLLED_BACK, "ann")
    assert (back.state, back.evidence["previous"], back.evidence["why"]) == (State.CHAMPION, third, "too many refusals")
    assert roll_back("tiny", registry=registry, ledger=risen, by="ann").version == first
    with pytest.raises(StateError, match="nothing to go back to"):
        roll_back("tiny", registry=registry, ledger=risen, by="ann")
    assert risen.verify().intact


def test_a_version_can_be_named(risen: Ledger, registry: Registry, versions: list[str]) -> None:
    """Also one that was taken back, and none that never was in production."""
    first, _, third = versions
    assert roll_back("tiny", registry=registry, ledger=risen, by="ann", to=first).version == first
    assert roll_back("tiny", registry=registry, ledger=risen, by="ann", to=third).left == first
    risen.append("tiny", "99", "candidate", by="r")
    for version, told in (("99", "never was"), (third, "in production")):
        with pytest.raises(StateError, match=told):
            roll_back("tiny", registry=registry, ledger=risen, by="ann", to=version)


def test_a_damaged_package_changes_nothing(risen: Ledger, registry: Registry, versions: list[str]) -> None:
    """A byte of its model was changed; or it is another one than was registered."""
    before = risen.history("tiny")
    file = next(path for path in registry.fetch("tiny", versions[1]).rglob("model*") if path.is_file())
    whole = file.read_bytes()
    try:
        file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(PackageError):
            roll_back("tiny", registry=registry, ledger=risen, by="ann")
    finally:
        file.write_bytes(whole)
    assert (risen.history("tiny"), registry.version_of("tiny", CHAMPION)) == (before, versions[-1])
    risen.append("tiny", versions[1], "candidate", by="r", evidence={"digest": "f" * 64})
    with pytest.raises(PackageError, match="another one than was registered"):
        roll_back("tiny", registry=registry, ledger=risen, by="ann")


def test_who_comes_second_is_told(risen: Ledger, registry: Registry, versions: list[str]) -> None:
    """Somebody else rolled back between the look and the step: the alias follows the ledger, and nothing is written."""

    class Late(Ledger):
        def succeed(self, entries: list[Entry], **known: Any) -> list[Entry]:
            roll_back("tiny", registry=registry, ledger=risen, by="bob", to=versions[0])
            return super().succeed(entries, **known)

    with pytest.raises(StateError, match="changed meanwhile"):
        roll_back("tiny", registry=registry, ledger=Late(risen.url), by="ann")
    assert (risen.champion("tiny"), registry.version_of("tiny", CHAMPION)) == (versions[0], versions[0])


def test_a_rollout_under_way_is_ended_and_the_champion_stays(
    risen: Ledger, registry: Registry, versions: list[str]
) -> None:
    """The new version is the one that is taken back."""
    rollouts = Rollouts(risen.url)
    risen.append("tiny", "4", "candidate", by="r")
    start_rollout("tiny", "4", RolloutConfig(strategy="canary"), ledger=risen, rollouts=rollouts, by="r")
    done = roll_back("tiny", registry=registry, ledger=risen, by="ann", why="slow")
    assert (done.version, done.left, done.rollout) == (versions[-1], "4", 1)
    assert rollouts.running("tiny") is None
    assert (risen.champion("tiny"), risen.state_of("tiny", "4")) == (versions[-1], State.ROLLED_BACK)


_LINES = st.lists(st.tuples(st.sampled_from("1234"), st.sampled_from(list(State))), max_size=12)


@given(_LINES, st.sampled_from("1234"))
def test_the_last_good_version_was_in_production_and_was_not_taken_back(
    lines: list[tuple[str, State]], current: str
) -> None:
    """Whatever happened; and there is one whenever there can be."""
    history = [Entry("p", version, state, "r", _now()) for version, state in lines]
    found = last_good(history, current)
    states = dict(lines)
    good = {version for version, state in lines if state is State.CHAMPION} - {current}
    good = {version for version in good if states[version] not in BAD}
    assert (found in good) if good else found is None


def test_a_server_follows_by_itself(risen: Ledger, registry: Registry, versions: list[str], tmp_path: Path) -> None:
    """It goes on answering; after a second or two, with the version of before."""
    log = PredictionLog(risen.url)
    provider = ChampionProvider("tiny", registry=registry, ledger=risen, log=log, seconds=0.1)
    row = {"income": 40.0, "age": 30, "city": "Riga"}
    with serve_in_thread(build_app(tiny.project(tmp_path), provider, log)) as address:
        said = [_ask(address, row)]
        roll_back("tiny", registry=registry, ledger=risen, by="ann")
        until = time.monotonic() + 20
        while _version(address) != versions[1] and time.monotonic() < until:
            said.append(_ask(address, row))
        said.append(_ask(address, row))
        assert _version(address) == versions[1]
    assert said[0] != said[-1]


def _ask(address: str, row: dict[str, object]) -> object:
    answer = requests.post(f"{address}/predict", json={"rows": [row]}, timeout=10)
    answer.raise_for_status()
    return answer.json()["predictions"][0]


def _version(address: str) -> str:
    return str(requests.get(f"{address}/version", timeout=10).json()["model_version"])
