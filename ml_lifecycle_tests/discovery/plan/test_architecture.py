"""The picture of the assets."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.discovery.plan.architecture import Edge, Node, direct_edges, draw_architecture, find_layers

NODES = [Node("raw", "dataset"), Node("splits", "dataset"), Node("model", "modeling"), Node("card", "release")]
EDGES = [Edge("raw", "splits"), Edge("splits", "model"), Edge("raw", "model"), Edge("model", "card")]


def test_every_node_band_and_direct_edge_is_drawn() -> None:
    """It is well-formed, and an edge that a longer way makes needless is left out."""
    picture = draw_architecture(NODES, EDGES, title="A project")
    root = ET.fromstring(picture)  # noqa: S314 - our own picture
    words = [item.text for item in root.iter() if item.tag.endswith("text")]
    assert set(words) == {"raw", "splits", "model", "card", "dataset", "modeling", "release"}
    assert picture.count("marker-end") == 3


def test_text_is_escaped() -> None:
    """A name is no markup."""
    picture = draw_architecture([Node("<b>&", "a&b")], [], title="<script>")
    ET.fromstring(picture)  # noqa: S314 - our own picture
    assert "<script>" not in picture


def test_no_two_boxes_overlap() -> None:
    """Neither inside a band nor between bands."""
    nodes = [*NODES, *(Node(f"more_{number}", "dataset") for number in range(5))]
    picture = draw_architecture(nodes, EDGES, title="")
    boxes = [(int(x), int(y)) for x, y in re.findall(r'<rect x="(\d+)" y="(\d+)" width="160"', picture)]
    assert len(boxes) == len(nodes)
    assert all(
        abs(x - other_x) >= 160 or abs(y - other_y) >= 30
        for place, (x, y) in enumerate(boxes)
        for other_x, other_y in boxes[:place]
    )


def test_edges_to_what_is_not_drawn_are_left_out() -> None:
    """Such as sources outside of the project."""
    assert "marker-end" not in draw_architecture([Node("raw", "dataset")], [Edge("elsewhere", "raw")], title="")


def test_a_circle_is_refused() -> None:
    """It has no layers."""
    with pytest.raises(ValueError, match="circle"):
        find_layers(["a", "b"], [Edge("a", "b"), Edge("b", "a")])


@settings(max_examples=30, deadline=None)
@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda pair: pair[0] < pair[1])))
def test_every_edge_goes_to_a_later_layer_and_no_way_is_lost(pairs: set[tuple[int, int]]) -> None:
    """Whatever the graph; leaving out needless edges changes no layer."""
    edges = [Edge(str(source), str(target)) for source, target in pairs]
    names = [str(number) for number in range(7)]
    layers = find_layers(names, edges)
    assert all(layers[edge.source] < layers[edge.target] for edge in edges)
    assert find_layers(names, direct_edges(edges)) == layers
