"""How texts are written: blanks, spellings, mixed types, signs, broken letters."""

from __future__ import annotations

import pytest

from ml_lifecycle.discovery.audit.findings import FindingSeverity
from ml_lifecycle_tests.discovery.audit.tables import find, with_column


def test_blanks_at_an_end() -> None:
    """Worse where the value exists without them too."""
    assert find(with_column("job", ["cook ", "smith"]))["blanks:job"].severity is FindingSeverity.NOTE
    assert find(with_column("job", ["cook ", "cook"]))["blanks:job"].severity is FindingSeverity.WARNING


def test_spellings_of_one_name() -> None:
    """Case, inner blanks and underscores; single letters are codes of their own."""
    found = find(with_column("job", ["Cook", "cook", "head  clerk", "head_clerk", "smith"]))
    assert found["spellings:job"].figures["values"] == 2
    assert find(with_column("grade", ["a", "A", "b"])) == {}


@pytest.mark.parametrize("values", [[1, "a", 2], [True, "yes"], [1.5, b"x"]])
def test_cells_of_several_types(values: list[object]) -> None:
    """In one column of objects."""
    assert "mixed_types:odd" in find(with_column("odd", values))


def test_a_text_among_numbers() -> None:
    """One in fifty; also one in three; codes such as 007 are texts all the same."""
    numbers = [str(number) for number in range(49)]
    assert find(with_column("size", [*numbers, "large"]))["mixed_types:size"].figures["rows"] == 12
    assert "mixed_types:size" in find(with_column("size", ["38", "40", "L"]))
    assert find(with_column("agent", ["007", "008", "M"])) == {}


def test_a_text_among_times() -> None:
    """Dates in which somebody wrote a word."""
    days = [f"2023-02-{day:02}" for day in range(1, 25)]
    assert "mixed_types:day" in find(with_column("day", [*days, "soon"]), event_time="when")


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["$1,200.50", "$3.00", "$15.75"], True),
        (["12 %", "15 %", "7 %"], True),
        (["12 kg", "15 kg", "7 kg"], True),
        (["A12", "B15", "C7"], False),
        (["1-3", "4-6", "7-9"], False),
        (["12 kg", "heavy", "light"], False),
    ],
)
def test_numbers_with_signs(values: list[str], *, found: bool) -> None:
    """Money, shares and units; not codes and not ranges."""
    assert ("numbers_as_text:price" in find(with_column("price", values))) is found


def test_broken_letters() -> None:
    """UTF-8 that was read as Latin-1."""
    assert "broken_letters:town" in find(with_column("town", ["MÃ¼nchen", "Oslo"]))
    assert find(with_column("town", ["München", "São Paulo", "Ængelholm"])) == {}
