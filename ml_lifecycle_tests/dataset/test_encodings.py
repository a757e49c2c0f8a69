"""How a text was written is found out from its bytes."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.encodings import find_encoding
from ml_lifecycle.dataset.files import read_file

WESTERN = "name,price\nMüller,10€\nJosé,5\nFrançois,7\n"
RUSSIAN = "имя,город\nИван,Москва\nПётр,Санкт-Петербург\n"  # noqa: RUF001 - these are Cyrillic letters
JAPANESE = "名前,都市\n太郎,東京\n花子,大阪\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (WESTERN, "utf-8"),
        (WESTERN, "utf-8-sig"),
        (WESTERN, "cp1252"),
        (WESTERN, "utf-16"),
        (WESTERN, "utf-16-le"),
        (WESTERN, "utf-16-be"),
        (WESTERN, "utf-32"),
        (RUSSIAN, "utf-8"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        (JAPANESE, "shift_jis"),
    ],
)
def test_the_text_comes_out_as_it_was_written(tmp_path: Path, text: str, encoding: str) -> None:
    """With a mark or without one."""
    path = tmp_path / "x.csv"
    path.write_bytes(text.encode(encoding))
    expected = pd.read_csv(io.StringIO(text))
    pd.testing.assert_frame_equal(read_file(path, SourceConfig(path="x", encoding="auto")), expected)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_mark_counts_whatever_was_named(tmp_path: Path, encoding: str) -> None:
    """A byte order mark leaves no doubt."""
    path = tmp_path / "x.csv"
    path.write_bytes("é,b\n1,2\n".encode(encoding))
    assert read_file(path, SourceConfig(path="x")).columns.tolist() == ["é", "b"]


def test_a_foreign_letter_late_in_a_file_is_seen() -> None:
    """All of a file is looked at, not only its head."""
    late = b"a,b\n" + b"1,plain\n" * 300_000 + "2,café\n".encode("cp1252")
    assert find_encoding(io.BytesIO(late)) == "cp1252"


def test_letters_on_the_border_of_a_block_are_whole() -> None:
    """A letter of several bytes may be cut by the block that is read."""
    assert find_encoding(io.BytesIO(b"x" * ((1 << 20) - 1) + "é".encode())) == "utf-8"
    assert find_encoding(io.BytesIO(b"")) == "utf-8"


@given(st.binary(max_size=300))
def test_any_bytes_can_be_decoded_with_what_is_found(raw: bytes) -> None:
    """Whatever comes, there is an answer that Python knows."""
    raw.decode(find_encoding(io.BytesIO(raw)), errors="replace")
