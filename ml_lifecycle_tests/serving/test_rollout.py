"""A rollout seen from outside: a real server under load while a canary starts, advances and is rolled back."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.monitoring.rollout import Action
from ml_lifecycle.monitoring.rollout_look import act_on, look_at_rollout
from ml_lifecycle.release.ledger import Ledger, State
from ml_lifecycle.release.registry import CHAMPION as ALIAS
from ml_lifecycle.release.registry import Registry
from ml_lifecycle.release.rollout import TARGET, Event, Rollouts
from ml_lifecycle.release.rollout_steps import abort_rollout, start_rollout
from ml_lifecycle.serving.app import build_app
from ml_lifecycle.serving.champion import ChampionProvider
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle.serving.server import serve_in_thread
from ml_lifecycle_tests.release import tiny

_CLIENTS = 4
_PICKED_UP_SECONDS = 2.0
_LOOK_SECONDS = 0.2


@dataclass
class Load:
    """What callers were answered: status and version, by customer."""

    statuses: set[int] = field(default_factory=set)
    answered: dict[str, list[str]] = field(default_factory=dict)
    requests: int = 0

    def versions(self) -> set[str]:
        """Which version each customer was answered by last."""
        return {versions[-1] for versions in self.answered.values() if versions}

    def forget(self) -> None:
        """Look at what comes from now on."""
        self.answered = {name: [] for name in self.answered}


@dataclass(frozen=True)
class Shop:
    """A project with three registered versions, the first of them in production, and its server under load."""

    config: ProjectConfig
    registry: Registry
    ledger: Ledger
    rollouts: Rollouts
    log: PredictionLog
    versions: list[str]
    load: Load

    def start(self, version: str) -> None:
        """Roll a version out."""
        said = {TARGET: tiny.predictor().target.to_dict()}
        rollout = self.config.release.rollout
        start_rollout("tiny", version, rollout, ledger=self.ledger, rollouts=self.rollouts, by="test", evidence=said)

    def judge(self) -> Action:
        """What the asset does."""
        look = look_at_rollout(
            self.config, registry=self.registry, ledger=self.ledger, rollouts=self.rollouts, log=self.log
        )
        assert look is not None
        act_on(look, registry=self.registry, ledger=self.ledger, rollouts=self.rollouts, by="test")
        return look.decision.action

    def judge_until(self, wanted: Action) -> None:
        """Judge again while it is held."""
        _until(lambda: self.judge() is wanted, 10.0)

    def served_within_seconds(self, versions: set[str]) -> None:
        """All callers are answered by these versions after at most two seconds."""
        began = time.monotonic()
        _until(lambda: _all_seen(self.load, versions), 10.0)
        assert time.monotonic() - began < _PICKED_UP_SECONDS + 3 * _LOOK_SECONDS


def _all_seen(load: Load, versions: set[str]) -> bool:
    load.forget()
    time.sleep(_LOOK_SECONDS)
    return load.versions() == versions


def _until(holds: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it does not come to that"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The server answers before the test begins and until it ends."""
    root = tmp_path_factory.mktemp("shop")
    uri = tiny.mlflow_folder(tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("mlflow"))
    run_id = tiny.begin_run(uri, tmp_path_factory.mktemp("artifacts"))
    registry, versions = Registry(uri), []
    for number in range(3):
        tiny.write(root / f"package{number}", seed=min(number, 1))
        versions.append(registry.register("tiny", root / f"package{number}", run_id=run_id))
    _damage(registry, versions[2])
    limits = {"min_rows": 40, "steps": [0.3, 0.6], "max_score_shift": 1.0, "max_latency_ratio": 1000.0}
    config = tiny.project(root, release={"rollout": {"strategy": "canary", **limits}})
    url = f"sqlite:///{root / 'service.db'}"
    ledger, log = Ledger(url), PredictionLog(url)
    ledger.append("tiny", versions[0], "champion", by="test")
    provider = ChampionProvider("tiny", registry=registry, ledger=ledger, log=log)
    with serve_in_thread(build_app(config, provider, log)) as address, _under_load(address) as load:
        _until(lambda: bool(load.versions()), 10.0)
        yield Shop(config, registry, ledger, Rollouts(url), log, versions, load)


def _damage(registry: Registry, version: str) -> None:
    """Change a byte of a registered package."""
    folder = registry.fetch("tiny", version)
    largest = max((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)


@contextmanager
def _under_load(address: str) -> Iterator[Load]:
    """Forty customers ask again and again, over connections that stay open."""
    load, over = Load(), threading.Event()

    def ask(part: int) -> None:
        customers = [f"c{number}" for number in range(part, 40, _CLIENTS)]
        for name in customers:
            load.answered[name] = []
        with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
            while not over.is_set():
                for name in customers:
                    row = {"income": 40.0, "age": 30, "city": "Riga", "customer": name}
                    answer = client.post("/predict", json=row)
                    load.statuses.add(answer.status_code)
                    load.answered[name].append(answer.json().get("model_version"))
                    load.requests += 1
                time.sleep(0.01)

    threads = [threading.Thread(target=ask, args=(part,)) for part in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_no_request_fails_from_the_first_step_to_production_and_back(shop: Shop) -> None:
    """Steps, a rollback by a person, a broken package and a new champion: all picked up in two seconds, none felt."""
    old, new, broken = shop.versions
    shop.start(new)
    shop.served_within_seconds({old, new})
    abort_rollout("tiny", "a person says so", ledger=shop.ledger, rollouts=shop.rollouts, by="person")
    shop.served_within_seconds({old})

    shop.start(broken)
    _until(lambda: len(shop.rollouts.history("tiny")) == 4, 5.0)  # a server has told of it
    shop.judge_until(Action.ROLL_BACK)
    assert shop.ledger.state_of("tiny", broken) is State.ROLLED_BACK
    assert shop.load.versions() == {old}

    shop.start(new)
    shop.judge_until(Action.ADVANCE)
    shop.served_within_seconds({old, new})
    on_canary = {name for name, versions in shop.load.answered.items() if versions[-1:] == [new]}
    shop.judge_until(Action.FINISH)
    shop.served_within_seconds({new})
    assert 0 < len(on_canary) < 40
    assert shop.ledger.champion("tiny") == new
    assert shop.registry.version_of("tiny", ALIAS) == new

    assert shop.load.statuses == {200}
    assert shop.load.requests > 200
    ends = [item.state.event for item in shop.rollouts.history("tiny") if not item.state.running]
    assert ends == [Event.ROLLED_BACK, Event.ROLLED_BACK, Event.FINISHED]
