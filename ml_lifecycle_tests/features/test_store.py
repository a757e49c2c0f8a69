"""The feature store on real Feast, Delta tables and SQLite."""

from __future__ import annotations

import builtins
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock

from ml_lifecycle.errors import BusyError, ConfigError, DataError, StateError
from ml_lifecycle.features import feast_session
from ml_lifecycle.features.point_in_time import judge_point_in_time
from ml_lifecycle.features.store import FeatureStore
from ml_lifecycle_tests.features.stores import NOW, ROWS, fill_store, open_store

FEATURES = [f"customers_v1:{name}" for name in ("visits", "spent", "city", "member", "since")]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    """A filled and materialised store that tests only read."""
    store = fill_store(tmp_path_factory.mktemp("feast"), created="known")
    store.materialize("customers_v1", NOW.to_pydatetime())
    return store


def ask(customers: Sequence[object], times: Sequence[str]) -> pd.DataFrame:
    """Rows of a training set to be."""
    return pd.DataFrame({"customer": customers, "at": pd.to_datetime(list(times)), "label": range(len(customers))})


def test_a_training_set_looks_back_only(filled: FeatureStore) -> None:
    """The later correction counts from when it was known; unseen entities and too early times keep their rows."""
    asked = ask([1, 1, 1, 9, 1], ["2026-01-07", "2026-01-04", "2025-12-31", "2026-01-07", "2026-01-07"])
    joined = filled.get_historical(asked.set_index(pd.Index([5, 3, 8, 1, 2])), FEATURES)
    assert joined.index.tolist() == [5, 3, 8, 1, 2]
    assert joined["label"].tolist() == [0, 1, 2, 3, 4]
    assert joined["spent"].fillna(-1).tolist() == [3.5, 2.5, -1, -1, 3.5]
    assert joined["city"].tolist() == ["Rome", "Oslo", None, None, "Rome"]
    assert joined["since"].tolist()[1] == pd.Timestamp("2020-01-02")
    assert str(joined["since"].dtype) == "datetime64[ns]"


def test_a_missing_cell_is_not_filled_with_an_older_one(filled: FeatureStore) -> None:
    """The newest row counts whole: a missing value is what was known."""
    joined = filled.get_historical(ask([2, 2], ["2026-01-04", "2026-01-06"]), FEATURES)
    assert joined["visits"].fillna(-1).tolist() == [4, -1]
    assert joined["city"].tolist() == [None, "Bern"]


def test_a_zone_is_a_way_to_write_a_time(filled: FeatureStore) -> None:
    """Two hours past midnight two hours east of Greenwich is midnight."""
    asked = pd.DataFrame({"customer": [1], "at": pd.to_datetime(["2026-01-03T02:00:00+02:00"])})
    assert filled.get_historical(asked, ["customers_v1:visits"])["visits"].tolist() == [2]


def test_the_gate_passes_the_store_and_fails_a_tampered_one(filled: FeatureStore) -> None:
    """A planted value of the future is found."""
    asked = pd.concat([ask([1, 2, 9], [day] * 3) for day in pd.date_range("2026-01-01", "2026-01-08").astype(str)])
    honest = judge_point_in_time(filled, asked, ROWS, None, features=FEATURES, rows=100, seed=0)
    assert honest.passed, honest.facts

    class Tampered(FeatureStore):
        def get_historical(self, entity_frame: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
            joined = super().get_historical(entity_frame, features)
            early = (joined["customer"] == 1) & (joined["at"] == pd.Timestamp("2026-01-02"))
            return joined.assign(visits=joined["visits"].mask(early, 2))

    tampered = Tampered(filled.folder, filled.config, entity="customer", event_time="at")
    verdict = judge_point_in_time(tampered, asked, ROWS, None, features=FEATURES, rows=100, seed=0)
    assert verdict.blocks
    assert (verdict.facts["wrong_cells"], verdict.facts["late_cells"]) == (1, 1)


def test_old_values_are_not_given_out(tmp_path: Path) -> None:
    """The ttl holds in training sets and online, and the gate agrees."""
    store = fill_store(tmp_path, ttl_days=2)
    asked = ask([1, 1], ["2026-01-05", "2026-01-06"])
    assert store.get_historical(asked, ["customers_v1:spent"])["spent"].fillna(-1).tolist() == [3.5, -1]
    assert judge_point_in_time(
        store, asked, ROWS, timedelta(days=2), features=["customers_v1:spent"], rows=9, seed=0
    ).passed
    store.materialize("customers_v1", pd.Timestamp("2026-01-05").to_pydatetime())
    for now, spent in (("2026-01-05", 3.5), ("2026-01-06", None)):
        moment = pd.Timestamp(now).to_pydatetime()
        online = store.get_online([1], ["customers_v1:spent"], now=moment)["spent"]
        assert online.isna().all() if spent is None else online.tolist() == [spent]
        assert store.open_lookup(["customers_v1:spent"]).get(1, now=moment) == {"spent": spent}


def test_online_holds_the_newest_values(filled: FeatureStore) -> None:
    """In the order asked for; unknown and missing entities have no values, one asked twice has them twice."""
    online = filled.get_online([2, 1, 9, None, 1], ["customers_v1"])
    assert online["customer"].tolist() == [2, 1, 9, pd.NA, 1]
    assert online["spent"].fillna(-1).tolist() == [-1, 3.5, -1, -1, 3.5]
    assert online["city"].tolist()[:2] == ["Bern", "Rome"]
    assert online["since"].tolist()[:2] == [pd.Timestamp("2020-01-05"), pd.NaT]
    assert filled.get_online([], ["customers_v1:city"]).columns.tolist() == ["customer", "city"]


def test_a_lookup_answers_as_the_batch_does(filled: FeatureStore) -> None:
    """One entity at a time gives what the frame holds, missing cells and dates included."""
    lookup = filled.open_lookup(["customers_v1"])
    assert lookup.get(1) == {"visits": 3, "spent": 3.5, "city": "Rome", "member": True, "since": None}
    assert lookup.get(2)["since"] == pd.Timestamp("2020-01-05")
    assert set(lookup.get(77).values()) == {None}


def test_materialising_up_to_a_time_hides_what_came_later(tmp_path: Path) -> None:
    """What was known by then is online; how many entities there are is told."""
    store = fill_store(tmp_path, created="known")
    done = store.materialize("customers_v1", pd.Timestamp("2026-01-02").to_pydatetime())
    assert done.entities == 2
    assert store.get_online([1], ["customers_v1:visits"])["visits"].tolist() == [1]
    store.materialize("customers_v1", pd.Timestamp("2026-01-05").to_pydatetime())  # the correction is not known yet
    assert store.get_online([1], ["customers_v1:visits"])["visits"].tolist() == [2]


def test_versions_stand_side_by_side(tmp_path: Path) -> None:
    """A version keeps its columns; others come under the next one, and both can be asked at once."""
    store = fill_store(tmp_path)
    changed = ROWS.assign(visits=ROWS["visits"].astype(float) * 10)
    with pytest.raises(StateError, match="under the next version"):
        store.apply(changed, "customers", 1)
    store.write_offline(changed, store.apply(changed, "customers", 2).id)
    assert [(view.name, view.version) for view in store.list_views()] == [("customers", 1), ("customers", 2)]
    joined = store.get_historical(ask([1], ["2026-01-02"]), ["customers_v1:visits", "customers_v2:visits"])
    assert joined["customers_v1__visits"].tolist() == [1]
    assert joined["customers_v2__visits"].tolist() == [10]


def test_rows_lie_where_the_lake_is(tmp_path: Path) -> None:
    """The offline tables may be below the lake; they are plain Delta tables that can be read back."""
    base = open_store(tmp_path)
    store = FeatureStore(base.folder, base.config, entity="customer", event_time="at", rows=tmp_path / "lake")
    store.write_offline(ROWS, store.apply(ROWS, "customers", 1).id)
    assert (tmp_path / "lake" / "customers_v1" / "_delta_log").is_dir()
    assert store.read_offline("customers_v1")["spent"].fillna(0).tolist() == ROWS["spent"].fillna(0).tolist()


def test_text_entities_are_found(tmp_path: Path) -> None:
    """Entities may be text, offline and online."""
    store = open_store(tmp_path)
    rows = ROWS.assign(customer=ROWS["customer"].map({1: "ann", 2: "bob"}))
    store.write_offline(rows, store.apply(rows, "customers", 1).id)
    store.materialize("customers_v1", NOW.to_pydatetime())
    assert store.get_online(["bob", "eve"], ["customers_v1:city"])["city"].tolist()[0] == "Bern"
    assert store.open_lookup(["customers_v1:city"]).get("ann") == {"city": "Rome"}
    assert store.get_historical(ask(["ann"], ["2026-01-02"]), ["customers_v1:city"])["city"].tolist() == ["Riga"]


def test_what_is_not_there_is_named(filled: FeatureStore) -> None:
    """An unknown view, an unknown column, a column that is there already, and features of two views at once."""
    asked = ask([1], ["2026-01-02"])
    with pytest.raises(DataError, match="no feature view customers_v9"):
        filled.get_historical(asked, ["customers_v9:visits"])
    with pytest.raises(DataError, match="no feature customers_v1:height"):
        filled.get_historical(asked, ["customers_v1:height"])
    with pytest.raises(DataError, match="already"):
        filled.get_historical(asked.assign(visits=0), ["customers_v1:visits"])
    with pytest.raises(DataError, match="no feature is asked for"):
        filled.get_online([1], [])
    assert filled.get_historical(asked.iloc[:0], ["customers_v1:visits"]).columns.tolist()[-1] == "visits"


def test_a_held_lock_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process that writes is waited for, and named after that."""
    store = fill_store(tmp_path)
    monkeypatch.setattr(feast_session, "_LOCK_SECONDS", 0.05)
    with FileLock(store.folder / ".lock"), pytest.raises(BusyError, match="in use"):
        store.list_views()


def test_a_missing_library_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Feast the error says what to install."""
    real = builtins.__import__

    def refuse(name: str, *given: object, **named: object) -> object:
        if name == "feast":
            raise ImportError(name)
        return real(name, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ConfigError, match=r"ml-lifecycle\[feast\]"):
        open_store(tmp_path).apply(ROWS, "customers", 1)


def test_a_missing_client_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library of the online store the error says what to install, before anything is done."""
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.delitem(sys.modules, "feast.infra.online_stores.redis", raising=False)
    with pytest.raises(ConfigError, match=r"what Feast needs for redis .*ml-lifecycle\[feast\]"):
        open_store(tmp_path, online="redis://cache").apply(ROWS, "customers", 1)


def test_an_absent_server_is_told_in_our_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the library raises becomes one error that names the setting and not the secret."""
    monkeypatch.setenv("SHOP_PASSWORD", "hidden-word")
    store = open_store(tmp_path, online="postgresql://ann:${SHOP_PASSWORD}@127.0.0.1:1/shop")
    with pytest.raises(StateError, match=r"\$\{SHOP_PASSWORD\}") as caught:
        store.apply(ROWS, "customers", 1)
    assert "hidden-word" not in str(caught.value)


_WRITER = """
import sys
from pathlib import Path
from ml_lifecycle_tests.features.stores import NOW, ROWS, open_store
store = open_store(Path(sys.argv[1]))
for turn in range(3):
    view = store.apply(ROWS, sys.argv[2] + str(turn), 1)
    store.write_offline(ROWS, view.id)
    store.materialize(view.id, NOW.to_pydatetime())
"""


def _start(folder: Path, names: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    for name in names:
        yield subprocess.Popen([sys.executable, "-c", _WRITER, str(folder), name], stderr=subprocess.PIPE)


@pytest.mark.slow
def test_two_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    """Both apply, write and materialise at the same moment; the registry holds all views and all values are online."""
    running = list(_start(tmp_path, ("one", "two")))
    said = [process.communicate(timeout=120)[1].decode() for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    store = open_store(tmp_path)
    names = [view.id for view in store.list_views()]
    assert names == [f"{name}{turn}_v1" for name in ("one", "two") for turn in range(3)]
    for name in names:
        answers: Mapping[str, object] = store.open_lookup([name]).get(1)
        assert answers["city"] == "Rome"
