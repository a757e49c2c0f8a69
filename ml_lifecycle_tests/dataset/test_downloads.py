"""Files behind addresses are fetched once, and again only when they changed."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ml_lifecycle.config.dataset import DatasetConfig, SourceConfig
from ml_lifecycle.dataset import downloads
from ml_lifecycle.dataset.sources import read_rows, read_source, source_fingerprint
from ml_lifecycle.errors import ConfigError, DataError
from ml_lifecycle_tests.dataset.web_folder import WebFolder, serving

CSV = "a,b\n1,2\n"


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebFolder]:
    """A server with one file; clients do not wait between attempts."""
    monkeypatch.setattr(downloads, "_PAUSE", 0.0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "rows.csv").write_text(CSV)
    with serving(tmp_path / "served") as served:
        yield served


def source(web: WebFolder, name: str = "rows.csv", **keywords: Any) -> SourceConfig:
    """A source on the server."""
    return SourceConfig.model_validate({"path": f"{web.address}/{name}", **keywords})


def read(web: WebFolder, *arguments: Any, **keywords: Any) -> Any:
    """Read from the server; the state folder is beside what it serves."""
    home = web.folder.parent / "home"
    return read_source(source(web, *arguments, **keywords), root=web.folder.parent, home=home)


def test_a_file_is_sent_once_until_it_changes(web: WebFolder) -> None:
    """The server says whether it did."""
    for _ in range(3):
        assert read(web)["a"].tolist() == [1]
    assert web.sent == ["rows.csv"]
    (web.folder / "rows.csv").write_text("a,b\n7,8\n")
    assert read(web)["a"].tolist() == [7]
    assert web.sent == ["rows.csv"] * 2


def test_a_server_that_names_no_states_is_asked_each_time(web: WebFolder) -> None:
    """Nothing old is ever taken for new."""
    web.named = False
    read(web)
    read(web)
    assert len(web.sent) == 2


def test_a_file_whose_sha256_is_given_is_asked_for_once(web: WebFolder) -> None:
    """What it is cannot change; another one is refused, whoever sends it."""
    wanted = hashlib.sha256(CSV.encode()).hexdigest()
    assert len(read(web, sha256=wanted.upper())) == 1
    (web.folder / "rows.csv").write_text("a,b\n7,8\n")
    assert read(web, sha256=wanted)["a"].tolist() == [1]
    with pytest.raises(DataError, match=rf"expected SHA-256 {'0' * 64}, got SHA-256"):
        read(web, sha256="0" * 64)


def test_the_format_is_told_by_the_address(web: WebFolder) -> None:
    """Packed files too, with whatever comes after a question mark."""
    (web.folder / "x.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    (web.folder / "x.jsonl").write_text('{"a": 1}\n')
    assert read(web, "x.csv.gz?year=2024")["b"].tolist() == [2]
    assert read(web, "x.jsonl")["a"].tolist() == [1]


def test_a_busy_server_is_asked_again_a_few_times(web: WebFolder) -> None:
    """Not for ever, and not where there is nothing to wait for."""
    web.failing = 2
    assert len(read(web)) == 1
    web.failing = 9
    with pytest.raises(DataError, match="HTTP status 503"):
        read(web)
    assert web.failing == 6
    web.failing = 0
    with pytest.raises(DataError, match="HTTP status 404"):
        read(web, "nothing.csv")


def test_an_address_where_nobody_answers(web: WebFolder) -> None:
    """Even where an old file is kept: a failure is told, never hidden by what was known."""
    read(web)
    nobody = SourceConfig(path="http://127.0.0.1:1/rows.csv", timeout=2)
    with pytest.raises(DataError, match=r"http://127\.0\.0\.1:1/rows\.csv cannot be fetched"):
        read_source(nobody, root=web.folder, home=web.folder)


def test_keys_come_from_the_environment_and_go_nowhere(web: WebFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the address and in headers; not in messages, names of sources, or the state folder."""
    monkeypatch.setenv("WEB_KEY", "s3cr3t")
    keyed = {"storage_options": {"Authorization": "Bearer ${WEB_KEY}"}}
    given = DatasetConfig(sources=(source(web, "rows.csv?key=${WEB_KEY}", **keyed),))
    rows = read_rows(given, root=web.folder, home=web.folder.parent / "home")
    assert web.headers["authorization"] == "Bearer s3cr3t"
    assert rows.files == (f"{web.address}/rows.csv?key=${{WEB_KEY}}",)
    kept = [path for path in (web.folder.parent / "home").rglob("*") if path.is_file()]
    assert kept
    assert not any("s3cr3t" in str(path) or b"s3cr3t" in path.read_bytes() for path in kept)
    with pytest.raises(DataError) as caught:
        read(web, "none.csv?key=${WEB_KEY}")
    assert "s3cr3t" not in str(caught.value)
    monkeypatch.delenv("WEB_KEY")
    with pytest.raises(ConfigError, match="WEB_KEY"):
        read(web, "rows.csv?key=${WEB_KEY}")


def test_the_fingerprint_changes_with_the_file(web: WebFolder) -> None:
    """Without sending it again where it did not."""
    given, home = DatasetConfig(sources=(source(web),)), web.folder.parent / "home"
    first = source_fingerprint(given, web.folder, home)
    assert source_fingerprint(given, web.folder, home) == first
    assert len(web.sent) == 1
    (web.folder / "rows.csv").write_text(CSV + "3,4\n")
    assert source_fingerprint(given, web.folder, home) != first


def test_a_download_that_was_cut_off_is_fetched_again(web: WebFolder) -> None:
    """What was noted counts only with the file beside it."""
    read(web)
    kept = next((web.folder.parent / "home").rglob("rows.csv"))
    kept.unlink()
    assert len(read(web)) == 1
    kept.with_name("origin.json").write_text("{")
    assert len(read(web)) == 1
