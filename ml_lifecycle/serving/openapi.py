"""The OpenAPI document of a server: every path, and rows and answers as the version in production has them.

What answers lives behind `front`; this is only what is said of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.dataset.coercion import ColumnType
from ml_lifecycle.release.answers import answer_columns

if TYPE_CHECKING:
    from ml_lifecycle.dataset.schema import Schema
    from ml_lifecycle.release.packaging import Package
    from ml_lifecycle.serving.front import Way

Spec = dict[str, Any]

_TYPES: Final[Mapping[ColumnType, Spec]] = {
    ColumnType.INTEGER: {"type": "integer"},
    ColumnType.NUMBER: {"type": "number"},
    ColumnType.TEXT: {"type": "string"},
    ColumnType.BOOLEAN: {"type": "boolean"},
    ColumnType.TIME: {"type": "string", "format": "date-time"},
    ColumnType.ANY: {},
}
_ERROR: Final[Spec] = {
    "type": "object",
    "required": ["error"],
    "properties": {name: {"type": "string"} for name in ("error", "got", "what_to_do")},
}
_FAILURE: Final[Spec] = {
    "type": "object",
    "required": ["column", "check", "value"],
    "properties": {name: {"type": "string"} for name in ("column", "check", "value")},
}
_OUTCOME: Final[Spec] = {
    "type": "object",
    "required": ["outcome"],
    "properties": {
        "prediction_id": {"type": "string"},
        "row_key": {"type": "string"},
        "outcome": {"type": ["string", "number", "boolean"]},
        "known_at": {"type": "string", "format": "date-time"},
    },
}
_TENSOR: Final[Spec] = {
    "type": "object",
    "required": ["name", "shape", "datatype", "data"],
    "properties": {
        "name": {"type": "string"},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
        "datatype": {"enum": ["BOOL", "BYTES", "FP32", "FP64", "INT32", "INT64"]},
        "data": {"type": "array", "items": {}},
    },
}
_ANYTHING: Final[Spec] = {"type": "object"}
_REFUSALS: Final = {
    "400": "The body cannot be read.",
    "401": "No valid key is shown.",
    "403": "A page of another site asks.",
    "413": "The body is too large, or has too many rows.",
    "503": "No version answers, the log cannot be written, or the server is busy.",
    "504": "It took too long.",
}


def ref(name: str) -> Spec:
    """What points to a part of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(spec: Spec) -> Spec:
    """A list."""
    return {"type": "array", "items": spec}


def asking(summary: str, answer: Spec, *, description: str = "", status: str = "200", media: str = "") -> Spec:
    """What is said of a path that takes no body.

    Args:
        summary: What it is for.
        answer: What comes back.
        description: More about it.
        status: A status besides 200 that carries the same.
        media: What the answer is, if not JSON.
    """
    content = {media or "application/json": {"schema": answer}}
    responses = {code: {"description": "An answer.", "content": content} for code in sorted({"200", status})}
    return {"summary": summary, "description": description, "responses": responses}


def telling(summary: str, body: Mapping[str, Spec], answer: Spec, *, description: str = "", refused: Spec) -> Spec:
    """What is said of a path that takes a body.

    Args:
        summary: What it is for.
        body: What may be sent, by media type.
        answer: What comes back.
        description: More about it.
        refused: What comes back with status 422, where no row is good.
    """
    responses: Spec = {
        "200": {"description": "Each row has its answer, or its errors, in its place.", **_json(answer)},
        "422": {"description": "No row is good.", **_json(refused)},
        **{code: {"description": text, **_json(ref("Error"))} for code, text in _REFUSALS.items()},
    }
    content = {media: {"schema": spec} for media, spec in body.items()}
    return {
        "summary": summary,
        "description": description,
        "requestBody": {"required": True, "content": content},
        "responses": responses,
    }


def write_document(
    title: str, ways: Iterable[Way], package: Package | None, *, known: Mapping[str, Sequence[str]], keys: bool
) -> Spec:
    """The document.

    Args:
        title: What it is about.
        ways: The paths.
        package: The version in production; without one rows may be anything.
        known: What each named part of a path may be; nothing is said where that is empty.
        keys: Whether callers must show a key.
    """
    paths: dict[str, Spec] = {}
    for way in ways:
        named = [part[1:-1] for part in way.path.split("/") if part.startswith("{")]
        spec = {**way.spec, "operationId": f"{way.method} {way.path}"}
        if named:
            spec["parameters"] = [
                {"name": name, "in": "path", "required": True, "schema": _choice(known.get(name, ()))} for name in named
            ]
        if way.open:
            spec["security"] = []
        paths.setdefault(way.path, {})[way.method.lower()] = spec
    components: Spec = {"schemas": _schemas(package)}
    document: Spec = {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": paths,
        "components": components,
    }
    if keys:
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        }
        document["security"] = [{"bearer": []}, {"header": []}]
    return document


def _choice(known: Sequence[str]) -> Spec:
    return {"enum": [*known]} if known else {"type": "string"}


def _json(spec: Spec) -> Spec:
    return {"content": {"application/json": {"schema": spec}}}


def _schemas(package: Package | None) -> dict[str, Spec]:
    row = _ANYTHING if package is None else _row(package)
    answer = _ANYTHING if package is None else _answer(package)
    said: dict[str, Spec] = {
        "Row": row,
        "Rows": {"anyOf": [ref("Row"), list_of(ref("Row")), _object(rows=list_of(ref("Row")))]},
        "Answer": answer,
        "Failure": _FAILURE,
        "Errors": _object(errors=list_of(ref("Failure"))),
        "Error": _ERROR,
        "Outcome": _OUTCOME,
        "Outcomes": {"anyOf": [ref("Outcome"), list_of(ref("Outcome")), _object(outcomes=list_of(ref("Outcome")))]},
        "Tensor": _TENSOR,
    }
    said["Predictions"] = {
        "anyOf": [
            ref("Answer"),
            ref("Errors"),
            _object(model_version={"type": "string"}, predictions=list_of({"anyOf": [ref("Answer"), ref("Errors")]})),
        ]
    }
    rows = list_of(ref("Row"))
    split = _object(columns=list_of({"type": "string"}), data=list_of(list_of({})))
    said["Invocation"] = {
        "anyOf": [_object(dataframe_split=split), _object(dataframe_records=rows), _object(instances=rows),
                  _object(inputs={"type": ["array", "object"]})]
    }  # fmt: skip
    said["Invoked"] = _object(predictions=list_of({"anyOf": [ref("Answer"), {"type": "null"}]}))
    said["Inference"] = _object(inputs=list_of(ref("Tensor")))
    said["Inferred"] = _object(model_name={"type": "string"}, outputs=list_of(_ANYTHING))
    return said


def _object(**properties: Spec) -> Spec:
    return {"type": "object", "required": list(properties), "properties": properties}


def _row(package: Package) -> Spec:
    schema, wanted = package.schema, package.manifest.columns
    properties = {name: _column(schema, name) for name in wanted if name in schema.columns}
    required = [name for name in wanted if name in schema.required]
    return {"type": "object", "required": required, "properties": properties}


def _column(schema: Schema, name: str) -> Spec:
    spec: Spec = dict(_TYPES[schema.kind(name)])
    allowed = schema.categories(name)
    if allowed is not None and all(isinstance(value, str | int | float | bool) for value in allowed):
        spec = {"enum": [*allowed, *([None] if schema.nullable(name) else [])]}
    elif schema.nullable(name) and "type" in spec:
        spec["type"] = [spec["type"], "null"]
    if text := schema.range_text(name):
        spec["description"] = text
    return spec


def _answer(package: Package) -> Spec:
    predictor = package.predictor
    target = predictor.target
    names = answer_columns(target, intervals=predictor.interval is not None)
    label: Spec = {"enum": [*target.classes]} if target.kind in (Kind.BINARY, Kind.MULTICLASS) else {"type": "number"}
    numbers: dict[str, Spec] = {name: {"type": "number"} for name in names[1:]}
    properties: dict[str, Spec] = {names[0]: label, **numbers}
    return {
        "type": "object",
        "required": list(names),
        "properties": {
            **properties,
            "model_version": {"type": "string"},
            "prediction_id": {"type": ["string", "null"]},
        },
    }
