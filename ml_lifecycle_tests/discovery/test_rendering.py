"""What is written into YAML comes out of it again."""

from __future__ import annotations

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from ml_lifecycle.discovery.rendering import fold_comment, quote_yaml


@given(st.text() | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False))
@example("no")
@example("1e5")
@example("a: b # c")
@example("{home}")
@example("é\u2028\x85\t")
def test_quoted_values_read_back(value: object) -> None:
    """Whatever a column is called."""
    assert yaml.safe_load(f"key: {quote_yaml(value)}")["key"] == value
    assert yaml.safe_load(f"key: [{quote_yaml(value)}, 1]")["key"][0] == value


@given(st.text())
def test_a_comment_stays_one_line(text: str) -> None:
    """No name of a column can end a comment."""
    assert yaml.safe_load(f"# {fold_comment(text)}\nkey: 1") == {"key": 1}
