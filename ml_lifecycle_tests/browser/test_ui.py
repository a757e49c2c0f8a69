"""What a visitor of the Dagster UI finds after `ml-lifecycle run loans`: the graph, the gates, the run, the loop."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from ml_lifecycle_tests.browser.conftest import PROJECT
from ml_lifecycle_tests.browser.ui import DagsterUI

pytestmark = pytest.mark.browser

ROOMS = {
    "discovery": ("problem_brief",),
    "dataset": ("raw_data", "validated_data", "quarantined_rows", "data_splits"),
    "features": ("features", "selected_features"),
    "modeling": ("baselines", "tuned_model", "optimized_model"),
    "evaluation": ("evaluation", "model_comparison"),
    "release": ("model_package", "staged_model", "production_approval", "deployed_model", "model_card"),
    "monitoring": (
        "batch_predictions",
        "prediction_window",
        "data_quality",
        "drift_report",
        "performance_report",
        "retraining_decision",
        "improvement_report",
        "operations_report",
        "housekeeping_report",
    ),
}


def test_lineage_shows_every_room(page: Page, ui: DagsterUI) -> None:
    """The graph of all assets has one group per room of the lifecycle."""
    page.goto(ui.page("asset-groups"))
    for room in ROOMS:
        expect(_seen(page, f"{PROJECT}_{room}")).to_be_visible()


@pytest.mark.parametrize("room", ROOMS)
def test_room_shows_its_assets(page: Page, ui: DagsterUI, room: str) -> None:
    """The graph of a group has a node for each of its assets."""
    page.set_viewport_size({"width": 1800, "height": 2600})  # the graph draws only what it shows
    page.goto(ui.group(f"{PROJECT}_{room}"))
    for asset in ROOMS[room]:  # a long name is cut in its middle
        name = re.compile(rf"^({asset}|{asset[:4]}\w*…\w*{asset[-4:]})$")
        expect(page.get_by_text(name).filter(visible=True).first).to_be_visible()


def test_asset_opens_from_the_graph(page: Page, ui: DagsterUI) -> None:
    """A click on a node of the graph tells of the asset beside it, and leads to its page with its checks."""
    page.goto(ui.group(f"{PROJECT}_modeling"))
    _seen(page, "tuned_model").click()
    page.get_by_role("link", name=re.compile("catalog", re.IGNORECASE)).and_(
        page.locator(f"[href*='/assets/{PROJECT}/tuned_model']")
    ).first.click()
    page.get_by_role("tab", name="Checks").click()
    for check in ("beats_baseline", "reproducible", "sanity"):
        expect(_seen(page, check)).to_be_visible()


@pytest.mark.parametrize("check", ["beats_baseline", "reproducible", "sanity"])
def test_checks_of_the_model_have_passed(page: Page, ui: DagsterUI, check: str) -> None:
    """Each check of the tuned model says that it blocks, and that it passed."""
    page.goto(ui.asset(PROJECT, "tuned_model", "checks", checkDetail=check))
    expect(page.get_by_text("This is a blocking asset check.")).to_be_visible()
    expect(page.get_by_text("Checks (3)")).to_be_visible()
    expect(page.get_by_text("Passed", exact=True)).to_be_visible()


def test_evaluation_shows_its_pictures(page: Page, ui: DagsterUI) -> None:
    """The pictures of the evaluation are drawn by the UI itself, from its metadata."""
    shown = ui.materializations(PROJECT, "evaluation")[0]
    assert shown.pictures
    page.goto(ui.asset(PROJECT, "evaluation"))
    row = page.get_by_role("row").filter(has=page.get_by_text(shown.pictures[0], exact=True))
    row.get_by_text("[Show Markdown]").click()
    picture = page.locator("img[src^='data:image/png']")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 100


def test_run_of_the_command_is_listed(page: Page, ui: DagsterUI, finished_run: str) -> None:
    """The run that the command made stands among the runs, under its job's name, as a success."""
    page.goto(ui.page("runs"))
    link = page.get_by_role("link", name=finished_run[:8])
    # The innermost box that holds the run's id and its job is the run's row: rows of this table have no role.
    row = page.locator("div").filter(has=link).filter(has_text=f"{PROJECT}_lifecycle").last
    expect(row).to_contain_text("Success")
    link.click()
    expect(page).to_have_url(re.compile(finished_run))
    expect(_seen(page, f"{PROJECT}_lifecycle")).to_be_visible()
    expect(_seen(page, "Success")).to_be_visible()


def test_jobs_are_listed(page: Page, ui: DagsterUI) -> None:
    """The page of jobs lists what a person can start."""
    page.goto(ui.page("jobs"))
    for verb in ("lifecycle", "retrain", "monitor", "rollout", "housekeeping"):
        expect(_seen(page, f"{PROJECT}_{verb}")).to_be_visible()


def test_sensors_and_schedules_are_listed(page: Page, ui: DagsterUI) -> None:
    """The page of automation lists the sensors that close the loop and the schedule of monitoring."""
    page.goto(ui.page("automation"))
    for name in ("retrain_on_drift", "rollout", "late_outcomes", "alerts", "monitor"):
        expect(_seen(page, f"{PROJECT}_{name}")).to_be_visible()
    expect(page.get_by_text("Standard sensor").first).to_be_visible()
    expect(page.get_by_text("Scheduled").first).to_be_visible()


def _seen(page: Page, text: str) -> Locator:
    """The first visible place of exactly this text: the UI keeps hidden copies to measure widths with."""
    return page.get_by_text(text, exact=True).filter(visible=True).first
