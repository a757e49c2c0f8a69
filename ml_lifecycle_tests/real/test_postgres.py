"""Rows come from a real PostgreSQL server, whole and in one order; only what is new is fetched again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ml_lifecycle.config.dataset import DatasetConfig
from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.collection import collect
from ml_lifecycle.dataset.sources import read_rows, read_source, source_fingerprint
from ml_lifecycle.errors import DataError
from ml_lifecycle_tests.real.postgres_cluster import PASSWORD, Cluster, postgres_cluster

pytestmark = [pytest.mark.real, pytest.mark.servers]

_COLUMNS = (
    "id bigint primary key, at timestamptz, price numeric(10, 2), paid boolean, tags text[], extra jsonb, day date, "
    '"Odd Name" text'
)
_ROWS = (
    "n, '2024-01-01'::timestamptz + n * interval '1 hour', n / 4.0, n % 2 = 0, array['a', 'b'], '{\"k\": 1}', "
    "'2024-01-01', case when n % 3 = 0 then null else 'x%:y' end"
)
_TABLE = (
    "create schema shop",
    f"create table shop.orders ({_COLUMNS})",
    f"insert into shop.orders select {_ROWS} from generate_series(1, 1000) n",  # noqa: S608 - of literals above
)


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """One server for all tests of this module."""
    with postgres_cluster() as cluster:
        yield cluster


@pytest.fixture
def cluster(server: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """The server with a fresh table, its password in the environment."""
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    server.execute("drop schema if exists shop cascade", *_TABLE)
    yield server
    server.execute("drop schema shop cascade")


def source(cluster: Cluster, **keywords: Any) -> dict[str, Any]:
    """A source on the server."""
    return {"sql": cluster.url("SHOP_PASSWORD"), **keywords}


def test_each_type_is_read(cluster: Cluster, tmp_path: Path) -> None:
    """Times are naive UTC whatever the session's zone, exact numbers float64, documents and lists JSON."""
    given = SourceConfig.model_validate(source(cluster, table="shop.orders"))
    frame = read_source(given, root=tmp_path, home=tmp_path).sort_values("id", ignore_index=True)
    assert len(frame) == 1000
    assert frame["price"].tolist()[:2] == [0.25, 0.5]
    assert frame["paid"].dtype == bool
    assert frame.loc[0, ["tags", "extra", "Odd Name"]].tolist() == ['["a","b"]', '{"k":1}', "x%:y"]
    assert frame["day"].tolist()[0] == pd.Timestamp("2024-01-01")
    assert frame["at"].dt.tz is None
    chosen = SourceConfig.model_validate(
        source(cluster, query="select * from shop.orders where \"Odd Name\" like 'x%:y'", columns=["Odd Name"])
    )
    assert len(read_source(chosen, root=tmp_path, home=tmp_path)) == 667


def test_what_is_wrong_is_told_without_the_password(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table, a query, a password, a server."""
    nobody = cluster.url("SHOP_PASSWORD").replace(str(cluster.port), "1")
    cases = [
        (source(cluster, table="shop.order"), "did you mean 'orders'"),
        (source(cluster, table="shap.orders"), "no table 'shap.orders'"),
        (source(cluster, query="select none from shop.orders"), "refuses"),
        (source(cluster, query="select a.id, b.id from shop.orders a join shop.orders b using (id)"), "same name"),
        ({"sql": nobody, "table": "shop.orders", "timeout": 2}, "does not let us in"),
    ]
    for written, said in cases:
        with pytest.raises(DataError, match=said) as caught:
            read_source(SourceConfig.model_validate(written), root=tmp_path, home=tmp_path)
        assert PASSWORD not in str(caught.value)
    monkeypatch.setenv("SHOP_PASSWORD", "wr@ng")
    with pytest.raises(DataError, match="password authentication failed") as caught:
        read_source(SourceConfig.model_validate(cases[0][0]), root=tmp_path, home=tmp_path)
    assert "wr@ng" not in str(caught.value)


def test_only_new_rows_are_fetched(cluster: Cluster, tmp_path: Path) -> None:
    """And labels that become known later are not missed."""
    given = DatasetConfig.model_validate(
        {
            "sources": [source(cluster, table="shop.orders")],
            "id": "id",
            "event_time": "at",
            "incremental": "event_time",
        }
    )
    places = {"root": tmp_path, "home": tmp_path, "store": tmp_path / "collected"}
    first = collect(given, **places)
    mark = source_fingerprint(given, tmp_path, tmp_path)
    cluster.execute("insert into shop.orders (id, at) select n, '2025-01-01' from generate_series(2001, 2010) n")
    assert source_fingerprint(given, tmp_path, tmp_path) != mark
    second = collect(given, **places, previous=first.state)
    assert (second.report.read, second.report.new_rows, second.report.rows) == (11, 10, 1010)
    assert second.raw.fingerprint == read_rows(given, root=tmp_path, home=tmp_path).fingerprint
    assert PASSWORD not in str(second.state) + str(second.report.to_dict())
    cluster.execute("update shop.orders set \"Odd Name\" = 'late' where id = 3")
    third = collect(given, **places, previous=second.state)
    assert (third.report.read, third.report.new_rows) == (1010, 0)
    assert third.raw.fingerprint == read_rows(given, root=tmp_path, home=tmp_path).fingerprint
