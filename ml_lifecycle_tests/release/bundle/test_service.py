"""What a server keeps of a project."""

from pathlib import Path

import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import PackageError
from ml_lifecycle.release.bundle.service import read_service, write_service
from ml_lifecycle.release.packaging import load_package
from ml_lifecycle_tests.release import tiny


def test_limits_and_roles_come_back_and_nothing_else(packaged: Path, tmp_path: Path) -> None:
    """No source, no address, no key, no log."""
    config = tiny.project(tmp_path, serving={"max_rows": 7, "host": "10.0.0.1", "auth": "api_key"})
    content = write_service(config)
    assert b"loans.csv" not in content
    again = read_service(content, load_package(packaged).manifest, packaged)
    assert (again.name, again.brief.problem, again.dataset.entity) == ("tiny", "Who repays?", "customer")
    assert (again.serving.max_rows, again.serving.host, again.serving.log) == (7, "127.0.0.1", False)


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.MULTICLASS, Kind.REGRESSION])
def test_a_package_without_it_has_defaults(tmp_path: Path, kind: Kind) -> None:
    """As packages had none before."""
    manifest = tiny.write(tmp_path / "package", kind)
    assert read_service(None, manifest, tmp_path).serving.max_rows == 10_000


def test_something_else_is_refused(packaged: Path) -> None:
    """With what it should be."""
    manifest = load_package(packaged).manifest
    for content in (b"[]", b"{", b'{"brief": 3}'):
        with pytest.raises(PackageError, match=r"service\.json"):
            read_service(content, manifest, packaged)
