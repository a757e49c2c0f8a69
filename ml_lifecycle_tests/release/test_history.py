"""A package that looks back: what the entities did before travels with it, and rows need not bring it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import PackageError
from ml_lifecycle.features.history.state import HistoryState
from ml_lifecycle.features.history.windows import add_history
from ml_lifecycle.release.elsewhere import judge_loads_elsewhere
from ml_lifecycle.release.history import history_from_files, history_to_files
from ml_lifecycle.release.packaging import Package, load_package, same_predictions
from ml_lifecycle_tests.release import tiny


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a package that looks back."""
    made = tmp_path_factory.mktemp("history") / "package"
    tiny.history_package(made)
    return made


@pytest.fixture(scope="module")
def package(folder: Path) -> Package:
    """A package that looks back."""
    return load_package(folder)


def _newest() -> pd.DataFrame:
    """The next application of some customers, and of one who has never been here."""
    rows = tiny.table(5, seed=9).drop(columns=["repaid", "grade", "loss"])
    moments = pd.Timestamp("2026-02-01") + pd.to_timedelta(np.arange(5), unit="h")
    return rows.assign(applied=moments, customer=["c1", "c2", "c3", "c4", "nobody"])


def test_rows_bring_entity_and_time_in_place_of_history(package: Package) -> None:
    """The columns of the package, its example and the schema say so."""
    assert {"income", "age", "city", "customer", "applied"} == set(package.manifest.columns)
    assert list(package.example.columns) == list(package.manifest.columns)
    assert "income__lag1" in package.history_columns
    assert "income__lag1" not in package.schema.required
    assert package.unread == {"id", "loss"}
    assert package.manifest.facts["history_until"] == "2026-01-10 23:00:00"


def test_the_state_survives_the_package_to_the_last_bit(package: Package) -> None:
    """Tables and specifications."""
    before = tiny.looking_back()[1].history
    assert before is not None
    assert package.history is not None
    assert package.history.specs == before.specs
    for kept, was in zip((*package.history.rows, *package.history.totals), (*before.rows, *before.totals), strict=True):
        pd.testing.assert_frame_equal(kept, was, check_exact=True)


def test_a_new_row_is_answered_as_if_it_stood_in_the_table(package: Package) -> None:
    """What the package remembers gives what the whole table gives; an unknown customer is answered too."""
    config = tiny.project(Path(), Kind.REGRESSION, features={"history": [tiny.HISTORY]})
    rows = _newest()
    whole = pd.concat([tiny.table(), rows], ignore_index=True)
    expected = package.predictor.predict(add_history(whole, config).tail(5))
    assert same_predictions(expected, package.answer(rows)["prediction"].to_numpy())
    assert package.coerce(rows)["income__lag1"].isna().tolist() == [False, False, False, False, True]


def test_history_that_rows_bring_is_taken_as_it_is(package: Package) -> None:
    """Rows of training bring theirs, which was another one then."""
    given = package.coerce(_newest().assign(income__lag1="7.5"))
    assert given["income__lag1"].tolist() == [7.5] * 5
    assert given["income__lag2"].notna().any()


def test_another_process_looks_back_on_the_same(folder: Path, package: Package) -> None:
    """To the last bit."""
    rows = package.coerce(_newest())[list(package.manifest.columns)]
    verdict = judge_loads_elsewhere(folder, rows, package.predictor.predict(package.complete(rows)))
    assert verdict.passed, verdict.summary


def test_a_model_that_looks_back_is_not_packaged_without_history(tmp_path: Path) -> None:
    """It would find nothing there."""
    with pytest.raises(PackageError, match="looks back"):
        tiny.write(tmp_path / "package", Kind.REGRESSION, predictor=tiny.looking_back()[0])


def test_a_model_that_does_not_look_back_takes_no_history_with_it(tmp_path: Path) -> None:
    """Selection may have dropped all of it."""
    tiny.write(tmp_path / "package", history=tiny.looking_back()[1].history)
    package = load_package(tmp_path / "package")
    assert package.history is None
    assert package.inputs == package.manifest.columns
    assert not [name for name in package.manifest.files if name.startswith("history/")]


@pytest.mark.parametrize("change", [b"", b"PAR1", b"[{}]"])
@pytest.mark.parametrize("name", ["history/history.json", "history/history_rows_0.parquet"])
def test_damaged_history_is_named(name: str, change: bytes) -> None:
    """Whatever is wrong with it."""
    state = tiny.looking_back()[1].history
    assert isinstance(state, HistoryState)
    files = history_to_files(state)
    with pytest.raises(PackageError, match="history"):
        history_from_files({**files, name: change})
