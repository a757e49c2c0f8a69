"""The page of an audit: whole, safe, offline, of bounded size."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from ml_lifecycle.discovery.audit.audit import audit_rows
from ml_lifecycle.discovery.audit.html import render_audit
from ml_lifecycle_tests.discovery.audit.tables import NOW, make_clean


class _Outline(HTMLParser):
    """Collects what a page loads, and its headings."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.tags: list[str] = []
        self.inner = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag, what it loads, and the page within the page."""
        self.tags.append(tag)
        self.loaded += [value or "" for name, value in attrs if name in {"src", "href"} and tag != "a"]
        self.inner += next((value or "" for name, value in attrs if name == "srcdoc"), "")


def _outline(page: bytes) -> _Outline:
    outline = _Outline()
    outline.feed(page.decode())
    return outline


@pytest.fixture(scope="module")
def page() -> bytes:
    """An audit with a finding, a column with missing cells, and one that says who somebody is."""
    mails = [f"person{number}@example.org" for number in range(200)]
    frame = make_clean(200).assign(one=1, gap=np.where(np.arange(200) % 3, 1.5, np.nan), contact=mails)
    return render_audit(audit_rows(frame, target="bought", now=NOW), frame, "Data audit", rows=100)


def test_the_page_is_whole_and_loads_nothing(page: bytes) -> None:
    """Our findings and Evidently's summary in one file of some megabytes."""
    outline = _outline(page)
    assert outline.loaded == []
    assert b"constant:one" in page
    assert outline.tags.count("h1") == 1
    assert outline.tags.count("iframe") == 1
    assert not [link for link in _outline(outline.inner.encode()).loaded if link.startswith(("http", "//"))]
    assert len(page) < 8_000_000


def test_personal_values_are_not_drawn(page: bytes) -> None:
    """Neither by us nor by Evidently."""
    assert not re.search(rb"person\d+@example", page)
    assert b"1 are left out" in page


def test_names_and_values_cannot_break_the_page() -> None:
    """A column named like a script is text."""
    frame = make_clean().assign(**{"<script>alert(1)</script>": ["<b>x</b>", '"><img src=x>'] * 300})
    page = render_audit(audit_rows(frame, target="bought", now=NOW), frame, "<i>Audit</i>", columns=0)
    outline = _outline(page)
    assert not {"script", "img", "b>x", "i"} & set(outline.tags)
    assert outline.tags.count("iframe") == 0
