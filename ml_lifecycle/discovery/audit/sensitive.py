"""Columns about persons: what the law protects, what finds a person, what opens an account; by name and by content.

What is looked for is in `name_signs` and `content_signs`. Nothing is dropped: whether a column may be used is for
people to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ml_lifecycle.dataset.rows import text_of
from ml_lifecycle.discovery.audit.columns import Column
from ml_lifecycle.discovery.audit.content_signs import CONTENTS
from ml_lifecycle.discovery.audit.findings import Finding, FindingSeverity, as_percent
from ml_lifecycle.discovery.audit.name_signs import NAMES, Group, name_words
from ml_lifecycle.discovery.audit.table import Table

_PROBED = 1_000  # different values that are looked at
_SEVERITY = {
    Group.PROTECTED: FindingSeverity.WARNING,
    Group.QUASI: FindingSeverity.NOTE,
    Group.PERSONAL: FindingSeverity.WARNING,
    Group.SECRET: FindingSeverity.SERIOUS,
}
_ADVICE = {
    Group.PROTECTED: "name it under evaluation.fairness.sensitive, so that groups are compared",
    Group.QUASI: "decide whether people may be treated by it; if not, evaluation.fairness.sensitive",
    Group.PERSONAL: "drop it or replace it by a key before it is stored; a model has no use for it",
    Group.SECRET: "take it out of the source; it must not lie in a lake, a log or a report",
}
_SAID = {
    Group.PROTECTED: "which must not decide how people are treated",
    Group.QUASI: "which may stand for a protected property",
    Group.PERSONAL: "which says who somebody is",
    Group.SECRET: "which is to be kept secret",
}


def find_sensitive(column: Column, table: Table) -> Iterator[Finding]:
    """What a column seems to say about persons: by what its values are, else by what it is called."""
    if column.present == 0:
        return
    found = _by_content(column) or _by_name(column)
    if found is None:
        return
    group, what, why = found
    declared = column.name in table.roles.sensitive
    if declared and group in {Group.PROTECTED, Group.QUASI}:
        return
    yield Finding(
        "sensitive",
        (column.name,),
        _SEVERITY[group],
        f"{column.name} seems to hold {what} ({why}), {_SAID[group]}.",
        _ADVICE[group],
        {"what": what, "group": group.value, "why": why},
    )


def is_personal(findings: Iterable[Finding]) -> bool:
    """Whether findings say that the values must not be shown."""
    return any(item.figures.get("group") in {Group.PERSONAL.value, Group.SECRET.value} for item in findings)


def _by_content(column: Column) -> tuple[Group, str, str] | None:
    if not column.is_text and not column.is_whole:
        return None
    values = column.levels[0]
    probe = [text_of(value).strip() for value in values[:: max(1, len(values) // _PROBED)]]
    for sign in CONTENTS:
        hits = sum(sign.matches(text) for text in probe)
        needed = sign.share if not (sign.words & name_words(column.name)) else sign.share_if_named
        if hits >= sign.least and hits >= needed * len(probe):
            return sign.group, sign.what, f"{as_percent(hits / len(probe))} of its values look so"
    return None


def _by_name(column: Column) -> tuple[Group, str, str] | None:
    words = name_words(column.name)
    for sign in NAMES:
        if sign.fits(words) and (not sign.text_only or column.is_text):
            return sign.group, sign.what, "it is called so"
    return None
