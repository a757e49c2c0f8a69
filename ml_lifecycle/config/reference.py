"""The YAML reference of README.md, made from the models: `python -m ml_lifecycle.config.reference README.md`."""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ml_lifecycle.config.project import ProjectSections

BEGIN, END = "<!-- reference: begin -->", "<!-- reference: end -->"


def render_reference() -> str:
    """One table per section: key, type, default, meaning."""
    parts = []
    for name, field in ProjectSections.model_fields.items():
        parts += [
            f"### `{name}`",
            "",
            field.description or "",
            "",
            "| key | type | default | meaning |",
            "|---|---|---|---|",
        ]
        parts += [_row(key, item) for key, item in _walk(_model_of(field.annotation), "")]
        parts.append("")
    return "\n".join(parts)


def insert_reference(text: str) -> str:
    """Replace what stands between the two marks of a document.

    Raises:
        ValueError: A mark is missing.
    """
    if BEGIN not in text or END not in text:
        msg = f"expected the marks {BEGIN} and {END}, found them not"
        raise ValueError(msg)
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{render_reference()}\n{END}{rest.partition(END)[2]}"


def _walk(model: type[BaseModel] | None, prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in (model.model_fields if model else {}).items():
        inner = _model_of(field.annotation)
        many = typing.get_origin(field.annotation) is tuple
        key = f"{prefix}{name}{'[]' if many and inner else ''}"
        yield key, field
        yield from _walk(inner, f"{key}.")


def _row(key: str, field: FieldInfo) -> str:
    inner = _model_of(field.annotation)
    kind = "section" if inner else _type_name(field.annotation)
    default = "required" if field.is_required() else ("" if inner else f"`{_default(field)}`")
    text = (field.description or "").replace("|", "\\|")
    return f"| `{key}` | {kind} | {default} | {text} |"


def _default(field: FieldInfo) -> object:
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return list(value)
    return "none" if value is None else value


def _model_of(annotation: object) -> type[BaseModel] | None:
    """The model inside an annotation, also inside a tuple or beside None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for item in typing.get_args(annotation) if (found := _model_of(item))), None)


def _type_name(annotation: object) -> str:
    if annotation is type(None):
        return "none"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f"`{item.value}`" for item in annotation)
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " or ".join(f"`{item}`" for item in inner)
    if origin in {types.UnionType, typing.Union}:
        return " or ".join(_type_name(item) for item in inner if item is not type(None))
    if origin is tuple:
        return f"list of {_type_name(inner[0])}"
    if origin is dict:
        return f"map of {_type_name(inner[1])}"
    return {"str": "text", "int": "integer", "float": "number", "bool": "true or false", "datetime": "time"}.get(
        getattr(annotation, "__name__", ""), str(annotation)
    )


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(insert_reference(path.read_text(encoding="utf-8")), encoding="utf-8")
