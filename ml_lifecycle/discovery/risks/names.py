"""What the name of a column says of when it is known: a hint that adds to figures, never a finding by itself."""

from __future__ import annotations

import re
from typing import Final

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def words_of(name: str) -> frozenset[str]:
    """The words of a name, whichever way it is written.

    >>> sorted(words_of("arrDelay_min")), sorted(words_of("TimeToClose2"))
    (['arr', 'delay', 'min'], ['2', 'close', 'time', 'to'])
    """
    return frozenset(word.lower() for word in _WORD.findall(name))


_AFTER: Final = words_of(
    "actual after arr arrival arrived cancel canceled cancellation cancelled chargeback chargebacks closed "
    "closing closure completed completion confirmation confirmed delay delivered discharge discharged dispute "
    "disputed duration dwell elapsed ended exit final finished handling investigation late lateness outcome "
    "overdue realised realized recovered recoveries recovery refund refunded resolution resolved result returned "
    "settled settlement talk terminated termination verdict writeoff"
)
"""Words for what is known when something is over."""

_BEFORE: Final = words_of(
    "ago avg before expected forecast hist historic historical initial lag lagged last mean past planned prev "
    "previous prior requested scheduled since trailing yesterday"
)
"""Words for what was known before."""

_PLANNED: Final = words_of(
    "deadline due end ends eta expected expiration expire expires expiry forecast maturity next planned promised "
    "renewal schedule scheduled target until valid"
)
"""Words for a time that lies ahead and is known nevertheless."""

_IDENTIFIER: Final = words_of(
    "account card case client customer device driver guid hash id identifier index instant key machine member nr "
    "number patient person ref reference row rownum serial subject ticket token user uuid"
)
"""Words for what names a row or whom it is about."""

_COMMON: Final = frozenset({"is", "has", "the", "of", "in", "flag", "y", "target", "label", "class", "value", "total"})


def sounds_late(name: str, target: str) -> bool:
    """Whether a name speaks of what is over, or of the target itself, and not of what was before.

    >>> sounds_late("duration", "y"), sounds_late("dep_delay", "arr_delay"), sounds_late("previous_outcome", "y")
    (True, True, False)
    """
    words = words_of(name)
    if words & _BEFORE:
        return False
    return bool(words & _AFTER) or bool((words & words_of(target)) - _COMMON)


def sounds_past(name: str) -> bool:
    """Whether a name speaks of what was known before."""
    return bool(words_of(name) & _BEFORE)


def sounds_planned(name: str) -> bool:
    """Whether a name speaks of a time that lies ahead and is known nevertheless, such as a date that is due."""
    return bool(words_of(name) & _PLANNED)


def sounds_like_identifier(name: str) -> bool:
    """Whether a name speaks of what names a row or a subject.

    >>> sounds_like_identifier("customer_id"), sounds_like_identifier("paid")
    (True, False)
    """
    return bool(words_of(name) & _IDENTIFIER)
