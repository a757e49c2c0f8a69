"""The page: all panels in the template, with one style sheet and one script of ours, both named in its policy.

The page asks for nothing: no library, no font, no picture from elsewhere. Everything that comes from data is escaped.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import TypeVar

import jinja2
from markupsafe import Markup

from ml_lifecycle.monitoring.dashboard.data import DashboardData
from ml_lifecycle.monitoring.dashboard.health import State, judge_health
from ml_lifecycle.monitoring.dashboard.panels.drift import drift_panel, output_panel
from ml_lifecycle.monitoring.dashboard.panels.history import (
    MOST_SHOWN,
    Event,
    Level,
    list_alerts,
    list_decisions,
    list_ledger,
    list_levels,
)
from ml_lifecycle.monitoring.dashboard.panels.panel import Panel
from ml_lifecycle.monitoring.dashboard.panels.performance import performance_panel
from ml_lifecycle.monitoring.dashboard.panels.quality import quality_panel
from ml_lifecycle.monitoring.dashboard.panels.tiles import Tile, list_tiles
from ml_lifecycle.monitoring.dashboard.panels.traffic import traffic_panel
from ml_lifecycle.monitoring.dashboard.words import as_words, moment, percent, short_run

_PACKAGE = "ml_lifecycle.monitoring.dashboard"
_Part = TypeVar("_Part")
_PANELS: tuple[Callable[[DashboardData], Panel | None], ...] = (
    performance_panel,
    traffic_panel,
    drift_panel,
    output_panel,
    quality_panel,
)
_LISTS: tuple[tuple[str, str, Callable[[DashboardData], list[Event]]], ...] = (
    ("decisions", "Retraining decisions", list_decisions),
    ("alerts", "Alerts", list_alerts),
    ("ledger", "Ledger", list_ledger),
)
_TEMPLATE, _STYLE, _SCRIPT = "dashboard.html.j2", "dashboard.css", "dashboard.js"
_TONES = {
    State.HEALTHY: "good",
    State.DRIFT: "warn",
    State.LOST: "bad",
    State.WAITING: "note",
    State.NO_DATA: "plain",
}


def render_dashboard(data: DashboardData) -> bytes:
    """Draw the monitoring page.

    Args:
        data: What is on it.

    Returns:
        One HTML file in UTF-8.
    """
    problems = dict(data.problems)

    def made(make: Callable[[DashboardData], _Part], otherwise: _Part) -> _Part:
        """A part; one whose table is of another version of this package, say, is named, and the others are drawn."""
        try:
            return make(data)
        except (KeyError, TypeError, ValueError) as error:  # the boundary: a page about trouble must not fail for it
            problems[as_words(make.__name__)] = f"{type(error).__name__}: {error}"
            return otherwise

    health = judge_health(data)
    panels = [panel for panel in (made(make, None) for make in _PANELS) if panel is not None]
    lists = [(key, title, made(make, list[Event]())) for key, title, make in _LISTS]
    tiles, levels = made(list_tiles, list[Tile]()), made(list_levels, list[Level]())
    page = (
        _environment()
        .get_template(_TEMPLATE)
        .render(
            data=data,
            problems=problems,
            made=moment(data.made_at),
            health=health,
            tone=_TONES[health.state],
            panels=panels,
            tiles=tiles,
            levels=levels,
            lists=[(key, title, events) for key, title, events in lists if events],
            most=MOST_SHOWN,
            style=Markup(_text(_STYLE)),  # noqa: S704 - a file of this package
            script=Markup(_text(_SCRIPT)),  # noqa: S704 - a file of this package
            policy=content_policy(framed=False),
        )
    )
    return page.encode()


@cache
def content_policy(*, framed: bool = True) -> str:
    """What browsers are told: nothing but this page's own style sheet and script, by their hashes.

    Args:
        framed: Whether to say that no page may hold this one in a frame, which only counts in a header.
    """
    told = {
        "default-src": "'none'",
        "style-src": _hash_of(_text(_STYLE)),
        "script-src": _hash_of(_text(_SCRIPT)),
        "base-uri": "'none'",
        "form-action": "'none'",
        **({"frame-ancestors": "'none'"} if framed else {}),
    }
    return "; ".join(f"{name} {value}" for name, value in told.items())


def _hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _text(name: str) -> str:
    return files(_PACKAGE).joinpath("templates", name).read_text(encoding="utf-8").strip()


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(_PACKAGE, "templates"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"moment": moment, "percent": percent, "short_run": short_run}
    return environment
