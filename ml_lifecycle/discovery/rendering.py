"""Filling in the text templates of this room; what is filled in is decided in `brief` and `draft`."""

from __future__ import annotations

import re
from functools import cache

import jinja2
import yaml

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*")


def render(template: str, **values: object) -> str:
    """Fill in a template of the folder `templates`; a value that is missing is an error.

    Args:
        template: Its file name.
        values: What it asks for.
    """
    return _environment().get_template(template).render(**values)


def quote_yaml(value: object) -> str:
    """Write a value so that YAML reads the same value back, whatever it is called.

    >>> quote_yaml("income"), quote_yaml("on"), quote_yaml("hours: week"), quote_yaml(0)
    ('income', '"on"', '"hours: week"', '0')
    """
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) and _reads_back(value) else f'"{"".join(map(_escape, value))}"'
    return yaml.safe_dump([value], default_flow_style=True).strip()[1:-1]


def _reads_back(text: str) -> bool:
    # YAML 1.2 and 1.1 differ in what y and n are; both are quoted.
    return text.lower() not in {"y", "n"} and yaml.safe_load(text) == text


def _escape(character: str) -> str:
    """One character within double quotes; JSON's way would write one above U+FFFF as two, which YAML takes for two."""
    if character in {'"', "\\"}:
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def fold_comment(text: str) -> str:
    r"""One line of text for a comment: no line may end it.

    >>> fold_comment("a name with a\nline break")
    'a name with a line break'
    """
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(  # noqa: S701 - the texts are Markdown and YAML, not HTML
        loader=jinja2.PackageLoader("ml_lifecycle.discovery", "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"yaml": quote_yaml, "line": fold_comment}
    return environment
