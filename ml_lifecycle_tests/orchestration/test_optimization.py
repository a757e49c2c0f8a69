"""Tests of `ml_lifecycle.orchestration.assets.optimization`: its forms are made in the small shop's own run."""

import dagster as dg
import pytest

from ml_lifecycle.config.optimize import OptimizeConfig
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.modeling.predictor import Predictor
from ml_lifecycle.orchestration.assets import assets_of
from ml_lifecycle.orchestration.assets.optimization import latest_bench
from ml_lifecycle.orchestration.champion import Champion
from ml_lifecycle.orchestration.data_versions import read_latest
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle_tests.small_shop import LOANS, Story


def _versions(project: ProjectConfig) -> dict[str, str]:
    found = {}
    for asset in assets_of(project):
        for key, version in asset.code_versions_by_key.items():
            found[key.path[-1]] = str(version)
    return found


def test_what_is_taken_is_what_is_released(story: Story, instance: dg.DagsterInstance) -> None:
    """A predictor like the tuned model's, with its extractor and calibration, in another form."""
    tuned, taken = (read_latest(instance, story.project, name) for name in ("tuned_model", "optimized_model"))
    assert isinstance(taken, Predictor)
    assert taken.extractor.names == tuned.extractor.names
    assert (taken.calibrator is None) == (tuned.calibrator is None)
    packaged = Champion.require(Workspace(story.project)).package.predictor
    assert packaged.to_files() == taken.to_files()
    assert len(taken.model.text) < len(tuned.model.text)


def test_every_form_has_a_row_in_the_ui(instance: dg.DagsterInstance) -> None:
    """With the profile of the one that was taken."""
    event = instance.get_latest_materialization_event(dg.AssetKey([LOANS, "optimized_model"]))
    assert event is not None
    assert event.asset_materialization is not None
    metadata = event.asset_materialization.metadata
    table = str(metadata["forms"].value)
    assert all(f"| {form} |" in table for form in ("original", "prune_refit", "float16"))
    assert metadata["form"].value in {"prune_refit", "float16"}
    assert isinstance(metadata["row_p99_ms"].value, float)


def test_other_forms_do_not_train_anew(project: ProjectConfig) -> None:
    """What is tried is a matter of the asset `optimized_model` alone."""
    optimize = OptimizeConfig(variants=("prune",), choose="smallest")
    wanted = project.model_copy(update={"modeling": project.modeling.model_copy(update={"optimize": optimize})})
    before, after = _versions(project), _versions(wanted)
    changed = {name for name in before if before[name] != after[name]} - {"experiment", "experiment_comparison"}
    assert changed == {"optimized_model", "project_plan"}


@pytest.mark.parametrize("asset", ["evaluation", "model_comparison", "model_package"])
def test_what_comes_after_reads_the_optimized_model(project: ProjectConfig, asset: str) -> None:
    """And no longer the tuned one."""
    found = next(made for made in assets_of(project) if made.keys == {dg.AssetKey(["tiny", asset])})
    names = {key.path[-1] for key in found.dependency_keys}
    assert "optimized_model" in names
    assert "tuned_model" not in names


def test_a_model_learns_from_the_validation_rows_last(story: Story, instance: dg.DagsterInstance) -> None:
    """With `modeling.refit`: the same configuration and rounds, more rows; what was decided on validation stays."""
    bench = latest_bench(instance, story.project)
    refitted = bench.refitted(bench.predictor)
    before, after = bench.predictor.model.facts, refitted.model.facts
    held = read_latest(instance, story.project, "data_splits")["_split"].value_counts()
    assert before.rows == held["train"]
    assert after.rows == held["train"] + held["validation"]
    assert (after.parameters, after.iterations) == (before.parameters, before.iterations)
    assert (refitted.calibrator, refitted.decision) == (bench.predictor.calibrator, bench.predictor.decision)


def test_a_refit_is_a_matter_of_this_asset(project: ProjectConfig) -> None:
    """The search is not made again for it."""
    update = {"modeling": project.modeling.model_copy(update={"refit": "train_and_validation"})}
    before, after = _versions(project), _versions(project.model_copy(update=update))
    changed = {name for name in before if before[name] != after[name]} - {"experiment", "experiment_comparison"}
    assert changed == {"optimized_model", "project_plan"}
