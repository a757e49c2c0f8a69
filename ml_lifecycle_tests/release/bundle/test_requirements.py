"""Requirements: exact, complete, and no more than scoring needs."""

import pytest
from packaging.requirements import Requirement

from ml_lifecycle.errors import PackageError
from ml_lifecycle.release.bundle import requirements
from ml_lifecycle.release.bundle.requirements import pin_requirements


def test_what_others_need_is_pinned_too() -> None:
    """Of every distribution, all that it needs here without being asked for."""
    pins = pin_requirements(["model/model.txt"])
    assert {"lightgbm", "starlette", "pydantic-core"} <= set(pins)
    assert not {"dagster", "mlflow", "optuna", "matplotlib", "pyarrow", "skops"} & set(pins)
    assert all(Requirement(f"{name}=={version}") for name, version in pins.items())


@pytest.mark.parametrize(
    ("file", "name"), [("model.skops", "skops"), ("history/totals.parquet", "pyarrow"), ("model.cbm", "catboost")]
)
def test_the_files_say_what_reads_them(file: str, name: str) -> None:
    """A model of scikit-learn needs skops, one that looks back pyarrow."""
    assert name in pin_requirements([file])


def test_what_is_not_installed_cannot_be_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is told."""
    monkeypatch.setitem(requirements._BY_SUFFIX, ".odd", ("no-such-thing-a", "no-such-thing-b"))
    with pytest.raises(PackageError, match="no-such-thing-a or no-such-thing-b to be installed"):
        pin_requirements(["model.odd"])
    monkeypatch.setattr(requirements, "_ALWAYS", ("no-such-thing-c",))
    with pytest.raises(PackageError, match="no-such-thing-c"):
        pin_requirements([])
