"""Packages: written once, read only if nothing was changed, the same predictions afterwards."""

import json
import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import PackageError, StateError
from ml_lifecycle.modeling.decision import Decision, GroupThresholds
from ml_lifecycle.release.manifest import Manifest
from ml_lifecycle.release.package_files import hash_of
from ml_lifecycle.release.packaging import load_package, same_predictions
from ml_lifecycle_tests.release import tiny


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.MULTICLASS, Kind.REGRESSION])
def test_a_package_predicts_what_the_predictor_did(tmp_path: Path, kind: Kind) -> None:
    """To the last bit, for every kind of problem, and from rows with text in place of numbers."""
    package = tiny.package(tmp_path / "package", kind)
    rows = tiny.table(40, seed=1)
    expected = tiny.predictor(kind).predict(rows)
    assert same_predictions(expected, package.predictor.predict(rows))
    written = rows.assign(age=rows["age"].astype(str))
    answers = package.answer(written)
    assert len(answers) == 40
    number = expected.max(axis=1) if kind is Kind.MULTICLASS else expected
    column = "prediction" if kind is Kind.REGRESSION else "probability"
    np.testing.assert_array_equal(answers[column].to_numpy(), number)


def test_the_manifest_says_where_the_package_came_from(packaged: Path) -> None:
    """Project, columns, lineage, metrics, the hash of every file; and it survives being stored."""
    manifest = load_package(packaged).manifest
    assert (manifest.project, manifest.kind, manifest.target) == ("tiny", Kind.BINARY, "repaid")
    assert set(manifest.columns) == {"income", "age", "city"}
    assert manifest.lineage == tiny.LINEAGE
    assert manifest.facts == {"dagster_run": "d1"}
    assert "lightgbm" in manifest.libraries
    assert set(manifest.files) == {
        str(path.relative_to(packaged)) for path in packaged.rglob("*") if path.is_file()
    } - {"manifest.json"}
    assert Manifest.from_parts(manifest.to_parts()) == manifest
    assert manifest.size == sum((packaged / name).stat().st_size for name in manifest.files)


def test_what_monitoring_knows_of_losses_lies_in_the_package(tmp_path: Path, packaged: Path) -> None:
    """To the byte, and hashed like all else; an older package has none and is read all the same."""
    tiny.write(tmp_path / "package", losses=b"{}")
    package = load_package(tmp_path / "package")
    assert package.losses == b"{}"
    assert package.manifest.files["losses.json"] == hash_of(b"{}")
    assert load_package(packaged).losses is None


def test_the_predictors_decision_comes_before_the_given_threshold(tmp_path: Path) -> None:
    """It makes the labels, and the manifest tells it."""
    bare, rows = tiny.predictor(), tiny.table(40, seed=1)
    tiny.write(tmp_path / "package", predictor=replace(bare, decision=Decision(threshold=0.8)), threshold=0.4)
    package = load_package(tmp_path / "package")
    assert package.manifest.threshold == 0.8
    assert package.manifest.facts["decision"] == Decision(threshold=0.8).to_dict()
    expected = np.where(bare.predict(rows) >= 0.8, "yes", "no").tolist()
    assert package.answer(rows)["prediction"].tolist() == expected
    tiny.write(tmp_path / "fixed", threshold=0.4)
    fixed = load_package(tmp_path / "fixed")
    assert fixed.answer(rows)["prediction"].tolist() == np.where(bare.predict(rows) >= 0.4, "yes", "no").tolist()


def test_thresholds_by_group_ask_for_their_column(tmp_path: Path) -> None:
    """Rows must bring it, the model does not read it, and it decides; a column that no schema knows is refused."""
    groups = GroupThresholds("city", {"Oslo": 0.0, "Riga": 1.1}, default=0.5)
    predictor = tiny.without_city(decision=Decision(by_group=groups))
    assert "city" not in predictor.extractor.columns
    tiny.write(tmp_path / "package", predictor=predictor)
    package = load_package(tmp_path / "package")
    assert set(package.manifest.columns) == {"income", "age", "city"}
    rows = tiny.table(60, seed=1)
    told = package.answer(rows).groupby(rows["city"])["prediction"].unique()
    assert (told["Oslo"].tolist(), told["Riga"].tolist()) == (["yes"], ["no"])
    unknown = Decision(by_group=GroupThresholds("sex", {}, default=0.5))
    with pytest.raises(PackageError, match="'sex' in the schema"):
        tiny.write(tmp_path / "other", predictor=tiny.without_city(decision=unknown))


def test_intervals_are_answered_and_told(tmp_path: Path) -> None:
    """Lower and upper end beside the number."""
    tiny.write(tmp_path / "package", Kind.REGRESSION, predictor=tiny.with_intervals())
    package = load_package(tmp_path / "package")
    answers = package.answer(tiny.table(40, seed=1))
    assert list(answers.columns) == ["prediction", "low", "high"]
    assert answers["low"].lt(answers["prediction"]).all()
    assert package.manifest.facts["intervals"]["coverage"] == 0.8


def test_the_example_has_the_types_of_the_schema(packaged: Path) -> None:
    """Only the model's columns, numbers as numbers."""
    package = load_package(packaged)
    assert package.example["age"].dtype == np.int64
    assert package.example["income"].dtype == np.float64
    assert list(package.example.columns) == list(package.manifest.columns)
    assert "repaid" in package.unread


def _spoil(folder: Path, name: str, change: bytes | None) -> None:
    path = folder / name
    if change is None:
        path.unlink()
    else:
        path.write_bytes(change)


@pytest.mark.parametrize("change", [b"{}", b"", None])
@pytest.mark.parametrize("name", ["extractor.json", "reference.json", "schema.yaml", "manifest.json"])
def test_a_package_that_was_changed_is_not_read(tmp_path: Path, name: str, change: bytes | None) -> None:
    """Whatever file it is, and whether it was replaced, emptied or removed."""
    tiny.write(tmp_path / "package")
    _spoil(tmp_path / "package", name, change)
    with pytest.raises(PackageError):
        load_package(tmp_path / "package")


def test_an_added_file_is_refused(tmp_path: Path) -> None:
    """A calibration laid beside the files of a model without one; what Python compiles by itself is let be."""
    tiny.write(tmp_path / "package")
    (tmp_path / "package" / "__pycache__").mkdir()
    (tmp_path / "package" / "__pycache__" / "handler.pyc").write_bytes(b"")
    assert load_package(tmp_path / "package").predictor.calibrator is None
    curve = {"method": "sigmoid", "first": [0.0], "second": [0.0]}
    (tmp_path / "package" / "calibrator.json").write_text(json.dumps({"curves": [curve]}))
    with pytest.raises(PackageError, match=r"calibrator\.json"):
        load_package(tmp_path / "package")


@pytest.mark.parametrize("name", ["reference.json", "model", "manifest.json"])
def test_a_link_is_refused(tmp_path: Path, name: str) -> None:
    """Also where it leads to the right content, and where it stands for a folder or for the manifest."""
    tiny.write(tmp_path / "package")
    (tmp_path / "package" / name).rename(tmp_path / "elsewhere")
    (tmp_path / "package" / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PackageError, match=f"symbolic link {name}"):
        load_package(tmp_path / "package")


def test_an_untrusted_type_is_refused_although_the_manifest_names_it(tmp_path: Path) -> None:
    """A skops file that would call a program; nothing of it is run."""
    facts = replace(tiny.predictor().model.facts, family="decision_tree")
    call = partial(os.system, f"touch {tmp_path / 'called'}")
    tiny.write(tmp_path / "package")
    _replace_model(tmp_path / "package", {"model.json": facts.to_json(), "model.skops": skops.io.dumps(call)})
    with pytest.raises(PackageError, match="do not load models from strangers"):
        load_package(tmp_path / "package")
    assert not (tmp_path / "called").exists()


def _replace_model(folder: Path, files: dict[str, bytes]) -> None:
    """Put other files in the place of the model's, and make the manifest say so."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    for name in [name for name in manifest["files"] if name.startswith("model/")]:
        (folder / name).unlink()
        del manifest["files"][name]
    for name, content in files.items():
        (folder / "model" / name).write_bytes(content)
        manifest["files"][f"model/{name}"] = hash_of(content)
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format_version": 99}, "99"),
        ({"kind": "magic"}, "magic"),
        ({"files": {"../secret.json": "0"}}, "inside the package"),
        ({"files": {"/etc/hostname": "0"}}, "inside the package"),
        ({"files": {"model\\..\\secret.json": "0"}}, "inside the package"),
        ({"files": {}}, "does not name"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    """Another format, an unknown kind, a path that leads out, files left out."""
    tiny.write(tmp_path / "package")
    path = tmp_path / "package" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(PackageError, match=message):
        load_package(tmp_path / "package")


def test_a_package_without_a_schema_is_refused(tmp_path: Path) -> None:
    """Although nothing else is wrong with it."""
    tiny.write(tmp_path / "package")
    path = tmp_path / "package" / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["files"]["schema.yaml"]
    path.write_text(json.dumps(manifest))
    (tmp_path / "package" / "schema.yaml").unlink()
    with pytest.raises(PackageError, match=r"a manifest that names schema.yaml"):
        load_package(tmp_path / "package")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A folder that holds something is left as it is."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "mine.txt").write_text("mine")
    with pytest.raises(PackageError, match="another folder"):
        tiny.write(tmp_path / "package")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StateError, match="cannot be written"):
        tiny.write(tmp_path / "file" / "package")


def test_an_example_without_a_column_of_the_model_is_refused(tmp_path: Path) -> None:
    """It would give a signature that lies."""
    with pytest.raises(PackageError, match="income"):
        tiny.write(tmp_path / "package", example=tiny.table().head(5).drop(columns="income"))


def test_the_same_content_has_the_same_digest(tmp_path: Path) -> None:
    """And another model another one."""
    when = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()
    digests = [tiny.write(tmp_path / f"p{number}", created_at=when).digest for number in range(2)]
    assert digests[0] == digests[1] != tiny.write(tmp_path / "other", seed=1, created_at=when).digest
