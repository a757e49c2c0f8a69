"""The monitoring page in a real browser: wide, on a phone, in the dark; it asks for nothing, and is readable."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, ViewportSize, expect

from ml_lifecycle.config.serving import ServingConfig
from ml_lifecycle.monitoring.dashboard import content_policy, render_dashboard
from ml_lifecycle.serving.front import Front, Ways
from ml_lifecycle.serving.limits import Limits
from ml_lifecycle.serving.metrics import Metrics
from ml_lifecycle.serving.monitor_page import PageSource
from ml_lifecycle.serving.paths import monitor_ways
from ml_lifecycle.serving.server import serve_in_thread
from ml_lifecycle_tests.monitoring.dashboard.pages import everything

pytestmark = pytest.mark.browser

DESK, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=360, height=800)
#: Texts whose contrast with what lies behind them is below 4.5, as WCAG 2 asks of small text.
_FAINT = """() => {
  const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const part = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = c => { const [r, g, b] = c.slice(0, 3).map(part);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = element => { for (let one = element; one; one = one.parentElement) {
      const c = rgb(getComputedStyle(one).backgroundColor); if (c.length === 3 || c[3] === 1) return c; }
    return [255, 255, 255]; };
  const faint = [];
  for (const one of document.querySelectorAll("body *")) {
    if (![...one.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !one.checkVisibility()) continue;
    const style = getComputedStyle(one), own = light(rgb(one.closest("svg") ? style.fill : style.color));
    const ground = light(behind(one));
    const ratio = (Math.max(own, ground) + 0.05) / (Math.min(own, ground) + 0.05);
    if (ratio < 4.5) faint.push(one.textContent.trim().slice(0, 30) + " " + ratio.toFixed(2));
  }
  return faint;
}"""
_SETTLED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server of the page with everything on it, with the headers of the real one."""
    source = PageSource(lambda: render_dashboard(everything()), content_policy(), seconds=60)
    app = FastAPI(openapi_url=None)
    app.mount("/", Front(FastAPI(), Ways(monitor_ways(source)), Limits.of(ServingConfig()), Metrics("shop"), None))
    with serve_in_thread(app) as found:
        yield f"{found}/monitor"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_page_is_drawn(browser: Browser, address: str, size: ViewportSize, scheme: str) -> None:
    """Without a word in the console, without asking for anything else, within its width, readable, with its marks."""
    context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type] # one of its words
    page, asked, said = context.new_page(), list[str](), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    for fold in page.locator("summary").all():
        fold.click()
    assert (asked, said) == ([address], [])
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.evaluate(_FAINT) == []
    charts = page.locator("svg.chart").filter(visible=True)
    assert charts.count() == 7  # performance, traffic, features, predictions, three measures
    assert all(chart.locator(".mark").count() for chart in charts.all())
    context.close()


@pytest.fixture
def phone(browser: Browser, address: str) -> Iterator[Page]:
    """The page on a phone that is touched."""
    context = browser.new_context(viewport=PHONE, has_touch=True)
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()


def test_a_touch_tells_what_a_mark_is(phone: Page) -> None:
    """The tip stays within the page, and goes away elsewhere."""
    tip = phone.get_by_role("tooltip")
    expect(tip).to_be_hidden()
    cell = phone.locator("svg.narrow .cell").last
    cell.scroll_into_view_if_needed()
    phone.evaluate(_SETTLED)  # who scrolls hides the tip
    cell.tap()
    expect(tip).to_contain_text("psi")
    box = tip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    phone.get_by_role("heading", name="Drift by feature").tap()
    expect(tip).to_be_hidden()


def test_the_state_is_said_in_words(phone: Page) -> None:
    """Not only by its colour."""
    expect(phone.get_by_role("status")).to_contain_text("performance lost", ignore_case=True)
