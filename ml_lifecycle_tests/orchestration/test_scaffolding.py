"""Tests of `ml_lifecycle.orchestration.scaffolding`: what `dg scaffold defs` writes, in an empty shop."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from ml_lifecycle.orchestration.component import LifecycleComponent
from ml_lifecycle.orchestration.scaffolding import LifecycleScaffolder, LifecycleScaffoldParams
from ml_lifecycle.orchestration.site import Site
from ml_lifecycle_tests.e2e.conftest import table
from ml_lifecycle_tests.site_folder import SiteFolder
from ml_lifecycle_tests.small_shop import living_in


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[SiteFolder]:
    """A shop without projects."""
    shop = SiteFolder.make(tmp_path)
    with living_in(shop):
        yield shop


def _scaffold(shop: SiteFolder, params: LifecycleScaffoldParams | None) -> None:
    target = shop.yaml_path("shoes").parent
    target.mkdir()
    request = dg.ScaffoldRequest(
        type_name="ml_lifecycle.LifecycleComponent",
        target_path=target,
        scaffold_format="yaml",
        project_root=shop.root,
        params=params,
        append=False,
    )
    LifecycleScaffolder().scaffold(request)


def test_without_a_table_a_skeleton_that_loads_is_written(empty: SiteFolder) -> None:
    """It says what to fill in."""
    _scaffold(empty, None)
    project = Site.find(empty.root).project("shoes")
    assert project.brief.target == "name_of_the_target_column"
    assert project.dataset.sources[0].path == "data/your_table.csv"


def test_with_a_table_the_project_is_guessed_as_by_init(empty: SiteFolder) -> None:
    """Options that are given are kept, the rest is read off the table."""
    table(rows=60).to_csv(empty.root / "table.csv", index=False)
    asked = LifecycleScaffoldParams(data=str(empty.root / "table.csv"), template="classification", target="bought")
    _scaffold(empty, asked)
    project = Site.find(empty.root).project("shoes")
    assert (project.brief.target, project.dataset.id) == ("bought", "row")
    assert project.schema_path.is_file()


def test_the_options_are_described() -> None:
    """`dg scaffold defs ml_lifecycle.LifecycleComponent --help` shows them."""
    params = LifecycleScaffolder.get_scaffold_params()
    assert all(field.description for field in params.model_fields.values())
    assert LifecycleComponent.get_model_cls() is not None
