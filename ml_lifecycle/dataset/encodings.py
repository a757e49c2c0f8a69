"""Finding out from bytes how a text was written."""

from __future__ import annotations

import codecs
from typing import IO, Final

import numpy as np
from charset_normalizer import from_bytes

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the mark of UTF-16, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_SCRIPTS: Final = [
    "cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr",
]  # fmt: skip
_WESTERN: Final = ("cp1252", "latin-1")
_BLOCK: Final = 1 << 20
_SAMPLE: Final = 1 << 16
_IN_WORDS: Final = 0.5
_EVERY_SECOND: Final = 0.3


def encoding_by_mark(start: bytes) -> str | None:
    """The encoding that a byte order mark at the start of a file names; None without one."""
    return next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)


def find_encoding(file: IO[bytes]) -> str:
    """Find out how a text is written: by its byte order mark, as UTF-8 if all of it is, else by what is likely.

    Accented letters that stand alone among plain ones are read as Western European (cp1252). Where they follow each
    other, as in Cyrillic, Greek or Chinese words, charset-normalizer decides. Central European files (cp1250) cannot
    be told from Western ones: name their encoding.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    start = file.read(_BLOCK)
    marked = encoding_by_mark(start) or _wide(start)
    if marked is not None:
        return marked
    block, foreign = start, bytearray()
    valid = True
    while block:
        if valid:
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                valid = False
        if len(foreign) < _SAMPLE and not block.isascii():
            lines = (line for line in block.splitlines(keepends=True) if not line.isascii())
            foreign += b"".join(lines)[:_SAMPLE]
        elif not valid:
            break
        block = file.read(_BLOCK)
    return "utf-8" if valid and not decoder.getstate()[0] else _likely(bytes(foreign))


def _wide(start: bytes) -> str | None:
    """UTF-16 without a mark: of plain letters every second byte is zero, which no other text holds."""
    sample = np.frombuffer(start[: _SAMPLE - _SAMPLE % 2], dtype=np.uint8)
    if len(sample) % 2:
        sample = sample[:-1]
    zeros = (sample == 0).reshape(-1, 2).mean(axis=0) if len(sample) else np.zeros(2)
    if zeros.max() < _EVERY_SECOND:
        return None
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"


def _likely(foreign: bytes) -> str:
    high = np.frombuffer(foreign, dtype=np.uint8) >= 0x80  # noqa: PLR2004 - where ASCII ends
    beside = np.zeros(len(high), dtype=bool)
    beside[1:] |= high[:-1]
    beside[:-1] |= high[1:]
    if beside[high].mean() > _IN_WORDS:
        found = from_bytes(foreign, cp_isolation=_OTHER_SCRIPTS).best()
        if found is not None:
            return found.encoding
    try:
        foreign.decode(_WESTERN[0])
    except UnicodeDecodeError:  # five of its bytes have no letter
        return _WESTERN[1]
    return _WESTERN[0]
