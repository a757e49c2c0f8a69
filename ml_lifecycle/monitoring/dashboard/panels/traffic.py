"""The panel about traffic: predictions per window by version, and errors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import partial

import pandas as pd

from ml_lifecycle.monitoring.dashboard.charts.traffic import OLDER, colours_of, draw_traffic
from ml_lifecycle.monitoring.dashboard.data import DashboardData
from ml_lifecycle.monitoring.dashboard.panels.panel import Key, Panel, Table, both_sizes, places_of
from ml_lifecycle.monitoring.dashboard.windows import window_name
from ml_lifecycle.monitoring.dashboard.words import percent


def traffic_panel(data: DashboardData) -> Panel | None:
    """The panel; None where nothing was ever predicted."""
    traffic = data.shown(data.traffic)
    if traffic is None:
        return None
    failures = data.shown(data.failures)
    place = places_of(data.windows)
    rows = {name: _by_place(part, place) for name, part in traffic.groupby(_label(traffic), sort=False)}
    rows = {name: rows[name] for name in sorted(rows, key=_age)}
    errors = {} if failures is None else _by_place(failures, place)
    newest = sorted(rows, key=_age, reverse=True)
    colours = colours_of([name for name in newest if "(" not in name], [name for name in newest if "(" in name])
    tips = {at: _tip(window, at, rows, errors) for window, at in place.items()}
    draw = partial(draw_traffic, rows=rows, failures=errors, colours=colours, tips=tips)
    legend = [Key(f"box s{number}", name) for name, number in colours.items() if number != OLDER]
    older = [name for name, number in colours.items() if number == OLDER]
    legend += [Key(f"box s{OLDER}", older[0] if len(older) == 1 else "older versions")] if older else []
    legend += [Key("box error", "rows with errors (own scale)")] if any(errors.values()) else []
    figure = both_sizes(data.windows, lambda plane, kind: draw(plane, kind=kind), height=190)
    text = _sentence(rows, sum(errors.values()))
    return Panel("traffic", "Traffic", text, [figure], legend, [_table(data.windows, rows, errors)])


def _label(traffic: pd.DataFrame) -> pd.Series:
    """Versions in words; what answered in another role than the champion's says so."""
    plain = traffic["role"].astype(str) == "champion"
    version = "version " + traffic["version"].astype(str)
    return version.where(plain, version + " (" + traffic["role"].astype(str) + ")")


def _age(name: str) -> tuple[int, str]:
    """Versions in the order of their numbers."""
    number = name.removeprefix("version ").partition(" ")[0]
    return (int(number) if number.isdigit() else 0, name)


def _by_place(part: pd.DataFrame, place: Mapping[str, int]) -> dict[int, int]:
    found: dict[int, int] = defaultdict(int)
    for window, rows in zip(part["window"].astype(str), part["rows"], strict=True):
        found[place[window]] += int(rows)
    return dict(found)


def _tip(window: str, at: int, rows: Mapping[str, Mapping[int, int]], errors: Mapping[int, int]) -> str:
    lines = [f"{one[at]:,} by {name}" for name, one in reversed(list(rows.items())) if one.get(at)]
    lines += [f"{errors[at]:,} with errors"] if errors.get(at) else []
    return "\n".join([window_name(window), *(lines or ["no predictions"])])


def _sentence(rows: Mapping[str, Mapping[int, int]], errors: int) -> str:
    total = sum(sum(one.values()) for one in rows.values())
    failed = f"{errors:,} rows with errors ({percent(errors / (errors + total))})" if errors else "no errors"
    return f"{total:,} predictions, {failed}."


def _table(windows: list[str], rows: Mapping[str, Mapping[int, int]], errors: Mapping[int, int]) -> Table:
    columns: dict[str, list[object]] = {"window": list(windows)}
    columns |= {name: [one.get(at, 0) for at in range(len(windows))] for name, one in rows.items()}
    columns["errors"] = [errors.get(at, 0) for at in range(len(windows))]
    return Table.of("Predictions per window", pd.DataFrame(columns).iloc[::-1])
