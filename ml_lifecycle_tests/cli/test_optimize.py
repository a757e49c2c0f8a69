"""Tests of `ml_lifecycle.cli.optimize`, on the small shop."""

from pathlib import Path

import lightgbm as lgb
import pytest

from ml_lifecycle_tests.small_shop import LOANS, Story, call


@pytest.mark.usefixtures("story")
def test_a_pruned_and_a_quantised_model_are_written(tmp_path: Path) -> None:
    """In LightGBM's own format, which LightGBM reads; only what keeps the quality is."""
    pruned, coarse = tmp_path / "pruned.txt", tmp_path / "coarse.txt"
    said = call("optimize", "prune", LOANS, "--sparsity", "0.2", "--out", str(pruned), "--json")
    assert said.code == 0, said.said
    whole, *others = said.json["forms"]
    chosen = next(form for form in said.json["forms"] if form["chosen"])
    assert [form["form"] for form in others] == ["prune", "prune_refit"]
    assert pruned.exists() == (said.json["chosen"] != "original")
    if pruned.exists():
        assert lgb.Booster(model_file=pruned).num_trees() == chosen["rounds"] < whole["rounds"]
    told = call("optimize", "quantize", LOANS, "--precision", "float16", "--out", str(coarse))
    assert f"Written: {coarse}" in told.out
    assert lgb.Booster(model_file=coarse).num_trees() == whole["rounds"]


@pytest.mark.usefixtures("story")
def test_the_profile_is_printed() -> None:
    """Milliseconds of a row and of a batch, bytes, and the time to load."""
    said = call("optimize", "profile", LOANS)
    assert said.code == 0, said.said
    assert all(name in said.out for name in ("row_p99_ms", "batch_p95_ms", "size_bytes", "load_ms"))


def test_a_model_is_exported(story: Story, tmp_path: Path) -> None:
    """And its row says how far it is from the native one."""
    path = tmp_path / "model.onnx"
    said = call("optimize", "export", LOANS, "--format", "onnx", "--out", str(path), "--json")
    assert said.code == 0, said.said
    form = said.json["forms"][1]
    assert path.stat().st_size == form["size_bytes"]
    assert "not packaged" in form["note"]
    assert said.json["forms"][0]["batch_rows"] == story.project.modeling.optimize.profile_rows


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("prune", LOANS, "--sparsity", "1.5"), "--sparsity"),
        (("export", LOANS, "--out", str(Path("nowhere") / "model.onnx")), "cannot be written"),
    ],
)
def test_wrong_use_is_told(arguments: tuple[str, ...], message: str) -> None:
    """Before anything is computed."""
    refused = call("optimize", *arguments)
    assert refused.code == 2
    assert message in refused.said
