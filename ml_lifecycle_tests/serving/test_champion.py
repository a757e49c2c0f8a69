"""Which version answers: the ledger's champion, swapped in without a gap."""

from pathlib import Path

import pytest

from ml_lifecycle.release.ledger import Ledger
from ml_lifecycle.release.registry import Registry
from ml_lifecycle.serving.champion import ChampionProvider
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


def test_a_new_champion_takes_over(store: tuple[Registry, list[str]], tmp_path: Path) -> None:
    """None before the first; the next is there after the next look, and answers differently."""
    provider, ledger = _provider(store, tmp_path)
    provider.refresh()
    assert provider.served is None
    said = []
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
