"""Takes the README's pictures from a running UI, so that they can be taken again.

    python -m ml_lifecycle_tests.browser.pictures --url http://127.0.0.1:3000 --out .github/pictures

The UI must show a project that has been run, and monitored for at least one window (`ml-lifecycle run loans`, then
`ml-lifecycle simulate loans --days 40`). The monitoring page is pictured where `--page` names its file
(`ml-lifecycle dashboard loans --out page.html`). What must be seen in the UI is the business of `test_ui`.
"""

import argparse
import io
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, ViewportSize

from ml_lifecycle_tests.browser.ui import VIEWPORT, DagsterUI, Materialization, open_browser

#: No picture is larger, so that the README loads quickly and the repository stays small.
MOST_BYTES = 200_000

#: What is seen of the monitoring page: the state, performance, traffic and the drift of each feature.
PAGE_VIEWPORT = ViewportSize(width=1400, height=1340)

_PALETTES = (256, 128, 64, 32)
_LOAD_SECONDS = 60
_SETTLE_MILLISECONDS = 1_500
_ROOMS = ("discovery", "dataset", "features", "modeling", "evaluation", "release", "monitoring")
#: Settings of the UI that let the whole graph be read in one picture: small nodes from top to bottom, little around.
_GRAPH_SETTINGS = {
    "asset-node-facets": ["status"],
    "asset-graph-direction": "vertical",
    "dagster-nav-collapsed": True,
}


def take_graph(page: Page, ui: DagsterUI, project: str) -> None:
    """The whole asset graph, every group open."""
    script = "".join(
        f"localStorage.setItem({json.dumps(key)}, {json.dumps(json.dumps(value))});"
        for key, value in _GRAPH_SETTINGS.items()
    )
    page.add_init_script(script)
    opened = ",".join(f"global@global:{project}_{room}" for room in _ROOMS)
    page.goto(ui.page(f"asset-groups?expanded={opened}"))
    _wait(page, "tuned_model")


def take_evaluation(page: Page, ui: DagsterUI, project: str) -> None:
    """The page of the evaluation with its metrics."""
    page.goto(ui.asset(project, "evaluation"))
    _wait(page, "Metadata")


def take_evaluation_plot(page: Page, ui: DagsterUI, project: str) -> None:
    """A picture of the evaluation, opened from its page."""
    shown = ui.materializations(project, "evaluation")
    take_evaluation(page, ui, project)
    _open_picture(page, shown[0])


def take_checks(page: Page, ui: DagsterUI, project: str) -> None:
    """The checks of the tuned model."""
    page.goto(ui.asset(project, "tuned_model", "checks"))
    _wait(page, "sanity")


def take_runs(page: Page, ui: DagsterUI, project: str) -> None:
    """The list of runs."""
    page.goto(ui.page("runs"))
    page.get_by_text(f"{project}_").filter(visible=True).first.wait_for()


def take_drift(page: Page, ui: DagsterUI, project: str) -> None:
    """The drift report of a window that drifted (else of the newest), with its picture."""
    newest: dict[str | None, Materialization] = {}
    for item in ui.materializations(project, "drift_report"):  # of a window that was judged again the last is shown
        newest.setdefault(item.partition, item)
    reports = [item for item in newest.values() if item.partition and item.pictures]
    if not reports:
        msg = (
            f"{project}/drift_report: expected a window with a picture, got none: run `ml-lifecycle simulate {project}`"
        )
        raise LookupError(msg)
    report = next((item for item in reports if item.found_drift), reports[0])
    page.goto(ui.asset(project, "drift_report", "partitions", partition=report.partition or ""))
    _wait(page, "Metadata")
    _open_picture(page, report)


#: The pictures by file name.
PICTURES: dict[str, Callable[[Page, DagsterUI, str], None]] = {
    "asset_graph": take_graph,
    "evaluation": take_evaluation,
    "evaluation_plot": take_evaluation_plot,
    "tuned_model_checks": take_checks,
    "runs": take_runs,
    "drift_report": take_drift,
}


def take_monitoring_page(file: Path, out: Path) -> Path:
    """The upper part of the monitoring page, as a file shows it."""
    with open_browser() as browser:
        page = browser.new_page(viewport=PAGE_VIEWPORT)
        page.goto(file.resolve().as_uri())
        page.get_by_role("heading", name="Drift by feature").wait_for()
        out.mkdir(parents=True, exist_ok=True)
        path = out / "monitoring_page.png"
        path.write_bytes(reduce(page.screenshot()))
    return path


def take_pictures(url: str, out: Path, project: str, names: Sequence[str] = tuple(PICTURES)) -> list[Path]:
    """Take pictures of a project into a folder; says which files were written."""
    ui = DagsterUI(url)
    ui.wait_until_loaded(_LOAD_SECONDS)
    out.mkdir(parents=True, exist_ok=True)
    written = []
    with open_browser() as browser:
        for name in names:
            context = browser.new_context(viewport=VIEWPORT)
            page = context.new_page()
            PICTURES[name](page, ui, project)
            _settle(page)
            path = out / f"{name}.png"
            path.write_bytes(reduce(page.screenshot()))
            written.append(path)
            context.close()
    return written


def reduce(png: bytes, most_bytes: int = MOST_BYTES) -> bytes:
    """The same picture with as many colours as fit into `most_bytes`.

    Raises:
        ValueError: It does not fit even with the fewest.
    """
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in _PALETTES:
        buffer = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(buffer, format="PNG", optimize=True)
        if buffer.tell() <= most_bytes:
            return buffer.getvalue()
    msg = f"expected a picture of at most {most_bytes} bytes, got {buffer.tell()} with {colours} colours"
    raise ValueError(msg)


def main() -> None:
    """Read the arguments and take the pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--url", default="http://127.0.0.1:3000", help="address of the running UI")
    parser.add_argument("--out", type=Path, default=Path(".github/pictures"), help="folder for the PNG files")
    parser.add_argument("--project", default="loans", help="whose pages")
    parser.add_argument("--only", nargs="*", choices=list(PICTURES), default=list(PICTURES), help="some of them")
    parser.add_argument("--page", type=Path, help="file of the monitoring page, to picture it too")
    given = parser.parse_args()
    taken = take_pictures(given.url, given.out, given.project, given.only)
    for path in [*taken, *([take_monitoring_page(given.page, given.out)] if given.page else [])]:
        sys.stdout.write(f"{path}  {path.stat().st_size // 1000} kB\n")


def _open_picture(page: Page, shown: Materialization) -> None:
    if not shown.pictures:
        msg = f"expected a metadata entry with a picture on {page.url}, got none"
        raise LookupError(msg)
    _row(page, shown.pictures[0]).get_by_text("[Show Markdown]").click()
    page.locator("img[src^='data:image/']").first.wait_for()


def _row(page: Page, label: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_text(label, exact=True))


def _wait(page: Page, text: str) -> None:
    page.get_by_text(text, exact=True).filter(visible=True).first.wait_for()


def _settle(page: Page) -> None:
    """Let what is still loading or moving come to rest: a picture has no text to wait for."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(_SETTLE_MILLISECONDS)


if __name__ == "__main__":
    main()
