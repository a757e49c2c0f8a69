"""The advice that goes with a name that is not there: the nearest ones that are."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Final

from ml_lifecycle.errors import DataError

_SHOWN: Final = 20


def suggest(name: str, known: Iterable[str]) -> str:
    """The nearest names that exist.

    >>> suggest("incom", ["income", "age"])
    "did you mean 'income'?"
    """
    known = list(known)
    lower = {candidate.lower(): candidate for candidate in known}
    near = [lower[match] for match in difflib.get_close_matches(name.lower(), lower, n=3)]
    if near:
        return f"did you mean {' or '.join(map(repr, near))}?"
    return f"the columns are {', '.join(map(repr, known[:_SHOWN]))}{' ...' if len(known) > _SHOWN else ''}"


def require_columns(wanted: Sequence[str], known: Sequence[str], *, place: str, key: str) -> None:
    """Refuse names that are not among the columns.

    Args:
        wanted: Names that must be there.
        known: The columns that came.
        place: What has these columns, as a person calls it.
        key: The key of the YAML that names them.

    Raises:
        DataError: A name is not there.
    """
    for name in wanted:
        if name not in known:
            raise DataError(
                f"a column that {key} names is not in {place}",
                expected=f"a column {name!r}",
                got=f"{len(known)} columns without it",
                advice=f"correct {key}: {suggest(name, known)}",
            )
