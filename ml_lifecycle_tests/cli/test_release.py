"""The commands about releases, on a project that was drafted and never ran; its ledger is written by hand."""

import sqlite3
from collections.abc import Iterator

import pytest

from ml_lifecycle.release.ledger import Ledger
from ml_lifecycle_tests.e2e.conftest import table
from ml_lifecycle_tests.site_folder import SiteFolder
from ml_lifecycle_tests.small_shop import call, living_in

_TOYS = "toys"
_APPROVAL = {"required": {"production": ["risk"]}, "roles": {"risk": ["ann", "bob"]}}


@pytest.fixture(scope="module")
def toy_shop(tmp_path_factory: pytest.TempPathFactory) -> SiteFolder:
    """The project; ann or bob must approve."""
    shop = SiteFolder.make(tmp_path_factory.mktemp("toys"))
    path = shop.root / "toys.csv"
    table().to_csv(path, index=False)
    with living_in(shop):
        drafted = call("init", _TOYS, "--data", str(path), "--target", "bought")
        assert drafted.code == 0, drafted.said
    shop.edit(_TOYS, release={"approval": _APPROVAL})
    return shop


@pytest.fixture
def ledger(toy_shop: SiteFolder) -> Iterator[Ledger]:
    """Version 1 is in production, version 2 waits; another file for every test."""
    with living_in(toy_shop):
        toy_shop.home.mkdir(exist_ok=True)
        for path in toy_shop.home.glob("service.db*"):
            path.unlink()
        made = Ledger(f"sqlite:///{toy_shop.home / 'service.db'}")
        made.append(_TOYS, "1", "champion", by="run a", evidence={"gates": {"x": "fine"}, "digest": "a" * 64})
        made.append(_TOYS, "2", "candidate", by="run b", evidence={"digest": "b" * 64})
        yield made


def test_a_word_and_what_it_leads_to(ledger: Ledger) -> None:
    """A person and a machine are told the same."""
    rejected = call("reject", _TOYS, "--who", "bob", "--why", "a gap")
    assert rejected.code == 0
    assert "bob (risk) rejected it: a gap" in rejected.said
    approved = call("approve", _TOYS, "--who", "ann", "--why", "mended", "--json")
    assert (approved.json["approved"], approved.json["version"], approved.json["lacking"]) == (True, "2", [])
    assert [item.state.value for item in ledger.history(_TOYS)][-3:] == ["rejected", "challenger", "approved"]
    assert f"sensor {_TOYS}_rollout deploys it" in call("approve", _TOYS, "--who", "ann", "--why", "again").said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--who", "eve", "--why", "x"), "may not speak"),
        (("--who", "ann", "--why", "x", "--role", "king"), "no role"),
        (("--who", "ann", "--why", "x", "--version", "9"), "not the candidate"),
        (("--who", "ann", "--why", " "), "without a reason"),
    ],
)
def test_a_word_that_cannot_be_is_wrong_use(ledger: Ledger, arguments: tuple[str, ...], told: str) -> None:
    """It says what would have been right, and keeps nothing."""
    done = call("approve", _TOYS, *arguments)
    assert done.code == 2
    assert told in done.said
    assert len(ledger.history(_TOYS)) == 2


def test_the_list_of_releases(ledger: Ledger) -> None:
    """What a person reads, and all of it for a machine."""
    del ledger
    said = call("releases", _TOYS).said
    assert "champion" in said
    assert "1 gates passed; package aaaaaaaaaaaa" in said
    document = call("releases", _TOYS, "--json").json
    assert document["champion"] == "1"
    assert [(item["version"], item["state"]) for item in document["releases"]] == [
        ("1", "champion"),
        ("2", "candidate"),
    ]
    assert "verified" not in document


def test_a_broken_chain_is_a_failure(ledger: Ledger, toy_shop: SiteFolder) -> None:
    """It names the line; while the chain is whole, it names the hash to keep."""
    assert f"the last hash is {ledger.history(_TOYS)[-1].hash}" in call("releases", _TOYS, "--verify").said
    connection = sqlite3.connect(toy_shop.home / "service.db")
    connection.execute("DROP TRIGGER release_events_keeps_lines")
    connection.execute("UPDATE release_events SET \"by\" = 'nobody' WHERE id = 1")
    connection.commit()
    connection.close()
    broken = call("releases", _TOYS, "--verify")
    assert broken.code == 1
    assert "ledger: BROKEN at line 1 of 2: it was changed after it was written" in broken.said
    assert not call("releases", _TOYS, "--verify", "--json").json["verified"]["ledger"]["intact"]


def test_a_rollback_that_leads_nowhere_is_wrong_use(ledger: Ledger) -> None:
    """Nothing was in production before; a version that never was cannot be named."""
    assert "nothing to go back to" in call("rollback", _TOYS).said
    done = call("rollback", _TOYS, "--to", "2", "--json")
    assert done.code == 2
    assert "one that never was" in done.json["message"]
    assert ledger.champion(_TOYS) == "1"
