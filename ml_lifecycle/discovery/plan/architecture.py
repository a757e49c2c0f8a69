"""A picture of the assets of a project as SVG: a band for each group, in it a column for each step of the way.

It draws what it is told; the nodes and edges of the real graph come from `orchestration`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from html import escape
from typing import NamedTuple

_BOX_WIDTH, _BOX_HEIGHT = 160, 30
_ACROSS, _DOWN, _BAND_PADDING, _LEFT = 44, 12, 26, 130
_LETTERS = 23
_LANE, _LANES = 4, 5
_LINES = ("#5b6b85", "#8a5a83", "#4d7f6a", "#9a6b3f", "#5276a8")
_FILLS = ("#eef4fb", "#f6f1fa", "#eef8f1", "#fdf5ea", "#fbeff0", "#f0f6f6")


class Node(NamedTuple):
    """An asset and its group."""

    name: str
    group: str


class Edge(NamedTuple):
    """What is made from what, by name."""

    source: str
    target: str


class _Place(NamedTuple):
    x: int
    y: int
    top: int
    bottom: int

    @property
    def middle(self) -> int:
        return self.y + _BOX_HEIGHT // 2


def draw_architecture(nodes: Sequence[Node], edges: Collection[Edge], *, title: str) -> str:
    """Draw the graph: groups as bands from top to bottom, in each of them columns from left to right.

    The column of a node is the length of the longest way to it inside its group: counted over all groups, the picture
    would be too wide to read. Edges to and from nodes that are not drawn are left out.

    Args:
        nodes: What is drawn; bands come in the order of the first node of each group.
        edges: What is made from what.
        title: For those who do not see the picture.

    Raises:
        ValueError: The edges lead in a circle.
    """
    names = {node.name for node in nodes}
    inner = direct_edges(edge for edge in edges if edge.source in names and edge.target in names)
    find_layers([node.name for node in nodes], inner)  # refuses a circle
    layers = _columns(nodes, inner)
    bands = _bands(nodes, layers)
    places, tops, height = _lay_out(bands, layers)
    width = _LEFT + (max(layers.values(), default=0) + 1) * (_BOX_WIDTH + _ACROSS)
    order = {node.name: number for number, node in enumerate(nodes)}
    parts = [
        _open(width, height, title),
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *(_draw_band(group, number, tops[group], width) for number, group in enumerate(bands)),
        *(_draw_edge(places[edge.source], places[edge.target], order[edge.source]) for edge in inner),
        *(_draw_node(node.name, places[node.name]) for node in nodes),
        "</svg>",
    ]
    return "\n".join(parts)


def _open(width: int, height: int, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="12"><title>{escape(title)}</title>'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#7a8799"/></marker></defs>'
    )


def find_layers(names: Sequence[str], edges: Collection[Edge]) -> dict[str, int]:
    """The layer of each node: 0 for one that is made from nothing, else one more than the last it is made from.

    >>> find_layers(["a", "b", "c"], [Edge("a", "b"), Edge("b", "c"), Edge("a", "c")])
    {'a': 0, 'b': 1, 'c': 2}
    """
    layers = dict.fromkeys(names, 0)
    for _ in range(len(names) + 1):
        moved = False
        for source, target in edges:
            if layers[target] <= layers[source]:
                layers[target], moved = layers[source] + 1, True
        if not moved:
            return layers
    msg = f"expected a graph without circles, got one among {sorted(names)}"
    raise ValueError(msg)


def direct_edges(edges: Iterable[Edge]) -> list[Edge]:
    """The edges without those that a longer way makes needless, sorted.

    >>> direct_edges([Edge("a", "b"), Edge("b", "c"), Edge("a", "c")])
    [Edge(source='a', target='b'), Edge(source='b', target='c')]
    """
    known = sorted(set(edges))
    after: dict[str, set[str]] = {}
    for source, target in known:
        after.setdefault(source, set()).add(target)
    return [edge for edge in known if not _leads(after, after[edge.source] - {edge.target}, edge.target)]


def _leads(after: dict[str, set[str]], starts: Collection[str], end: str) -> bool:
    """Whether a way leads from one of the starts to the end."""
    waiting, seen = list(starts), set(starts)
    while waiting:
        fresh = after.get(waiting.pop(), set()) - seen
        seen |= fresh
        waiting += fresh
    return end in seen


def _columns(nodes: Sequence[Node], edges: Sequence[Edge]) -> dict[str, int]:
    """The layer of each node inside its own group."""
    group = {node.name: node.group for node in nodes}
    inside = [edge for edge in edges if group[edge.source] == group[edge.target]]
    return find_layers(list(group), inside)


def _bands(nodes: Sequence[Node], layers: dict[str, int]) -> dict[str, dict[int, list[str]]]:
    """Names by group and layer."""
    bands: dict[str, dict[int, list[str]]] = {}
    for node in nodes:
        bands.setdefault(node.group, {}).setdefault(layers[node.name], []).append(node.name)
    return bands


def _lay_out(
    bands: dict[str, dict[int, list[str]]], layers: dict[str, int]
) -> tuple[dict[str, _Place], dict[str, tuple[int, int]], int]:
    """The place of each node, top and height of each band, and the height of all."""
    places, tops, top = {}, {}, 0
    for group, columns in bands.items():
        most = max(len(column) for column in columns.values())
        height = most * (_BOX_HEIGHT + _DOWN) - _DOWN + 2 * _BAND_PADDING
        tops[group] = (top, height)
        for column in columns.values():
            for row, name in enumerate(column):
                x = _LEFT + layers[name] * (_BOX_WIDTH + _ACROSS)
                places[name] = _Place(x, top + _BAND_PADDING + row * (_BOX_HEIGHT + _DOWN), top, top + height)
        top += height
    return places, tops, top


def _draw_band(group: str, number: int, span: tuple[int, int], width: int) -> str:
    top, height = span
    fill = _FILLS[number % len(_FILLS)]
    return (
        f'<rect x="0" y="{top}" width="{width}" height="{height}" fill="{fill}"/>'
        f'<text x="12" y="{top + height // 2 + 4}" font-weight="600" fill="#33415c">{_shorten(group, 16)}</text>'
    )


def _draw_edge(source: _Place, target: _Place, number: int) -> str:
    """Inside a band from side to side; between bands through the gaps beside columns and above or below bands.

    Args:
        source: Where it begins.
        target: Where it ends.
        number: Of its source: lines from different sources keep apart.
    """
    x, y, end_x, end_y = source.x + _BOX_WIDTH, source.middle, target.x, target.middle
    if source.top == target.top:
        line = f"M{x} {y}C{x + _ACROSS} {y} {end_x - _ACROSS} {end_y} {end_x} {end_y}"
    else:
        lane = _LANE * (number % _LANES)
        gap = target.top + _LANE + lane if source.y < target.y else target.bottom - _LANE - lane
        line = f"M{x} {y}H{x + _LANE + lane}V{gap}H{end_x - 2 * _LANE - lane}V{end_y}H{end_x}"
    return (
        f'<path d="{line}" fill="none" stroke="{_LINES[number % len(_LINES)]}" stroke-opacity="0.75" '
        'stroke-linejoin="round" marker-end="url(#tip)"/>'
    )


def _draw_node(name: str, place: _Place) -> str:
    return (
        f'<g><title>{escape(name)}</title><rect x="{place.x}" y="{place.y}" width="{_BOX_WIDTH}" '
        f'height="{_BOX_HEIGHT}" rx="6" fill="#ffffff" stroke="#33415c"/>'
        f'<text x="{place.x + _BOX_WIDTH // 2}" y="{place.y + _BOX_HEIGHT // 2 + 4}" text-anchor="middle" '
        f'fill="#1b2436">{_shorten(name, _LETTERS)}</text></g>'
    )


def _shorten(text: str, most: int) -> str:
    return escape(text if len(text) <= most else f"{text[: most - 3]}...")
