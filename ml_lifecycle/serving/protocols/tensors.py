"""Tensors of the Open Inference Protocol as rows, and answers as tensors: one named tensor for each column.

https://github.com/open-inference/open-inference-protocol (the REST part of version 2), with the binary extension that
the clients of Triton use by default. Paths are in `inference`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ml_lifecycle.dataset.cell_rows import CellRows
from ml_lifecycle.dataset.coercion import ColumnType
from ml_lifecycle.errors import DataError

if TYPE_CHECKING:
    from ml_lifecycle.dataset.schema import Schema
    from ml_lifecycle.serving.desk import Answered

#: What a column of each type is called; times are text.
DATATYPES: Final[Mapping[ColumnType, str]] = {
    ColumnType.INTEGER: "INT64",
    ColumnType.NUMBER: "FP64",
    ColumnType.TEXT: "BYTES",
    ColumnType.BOOLEAN: "BOOL",
    ColumnType.TIME: "BYTES",
    ColumnType.ANY: "BYTES",
}
_WIDTHS: Final[Mapping[str, str]] = {
    "FP16": "<f2", "FP32": "<f4", "FP64": "<f8", "INT8": "<i1", "INT16": "<i2", "INT32": "<i4", "INT64": "<i8",
    "UINT8": "<u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8", "BOOL": "?",
}  # fmt: skip
_BYTES: Final = "BYTES"
_LENGTH: Final = struct.Struct("<I")
_TABLE: Final = 2  # dimensions of a tensor of rows and columns
#: The tensor that says what is wrong with each row, where there is a bad one.
ERROR: Final = "error"
PREDICTION_ID: Final = "prediction_id"


@dataclass(frozen=True, slots=True)
class Inference:
    """A request.

    Args:
        rows: Its rows.
        id: What the caller calls it.
        outputs: The tensors that are asked for; None asks for all.
    """

    rows: Sequence[dict[str, Any]]
    id: str | None = None
    outputs: tuple[str, ...] | None = None


def parse_inference(body: object, columns: Sequence[str], binary: bytes = b"") -> Inference:
    """Read a request.

    Each tensor is a column, of shape [n] or [n, 1]; one by itself of shape [n, columns] holds them all, in the order of
    the model's metadata.

    Args:
        body: The JSON part.
        columns: The columns of the model.
        binary: What follows it, by the binary extension.

    Raises:
        DataError: It is no such request.

    >>> asked = parse_inference({"inputs": [{"name": "age", "shape": [2], "datatype": "INT64", "data": [3, 4]}]}, [])
    >>> list(asked.rows)
    [{'age': 3}, {'age': 4}]
    """
    if not isinstance(body, dict) or not isinstance(body.get("inputs"), list) or not body["inputs"]:
        raise _misshapen('"inputs" with a tensor for each column', body)
    named: dict[str, list[Any]] = {}
    start = 0
    for tensor in body["inputs"]:
        name, shape, datatype = _head_of(tensor)
        size = (tensor.get("parameters") or {}).get("binary_data_size")
        if size is None:
            cells = _flat(tensor.get("data"), shape, name)
        else:
            cells = _decode(name, datatype, binary[start : start + _whole(size, name)])
            start += size
        if len(cells) != math.prod(shape):
            raise _misshapen(f"{math.prod(shape)} cells in the tensor {name!r}", f"{len(cells)}")
        named.update(_columns_of(name, shape, cells, columns, alone=len(body["inputs"]) == 1))
    if len({len(cells) for cells in named.values()}) > 1:
        raise _misshapen("tensors of as many rows each", {name: len(cells) for name, cells in named.items()})
    rows = CellRows([*named], list(zip(*named.values(), strict=True)))
    return Inference(rows, _text_or_none(body.get("id")), _wanted(body.get("outputs")))


def write_inference(name: str, asked: Inference, answered: Answered) -> dict[str, Any]:
    """Write answers as tensors; cells of a bad row are null, and the tensor `error` says what is wrong with it.

    Args:
        name: The model.
        asked: The request.
        answered: The answers.

    Raises:
        DataError: A tensor is asked for that the model does not give.
    """
    columns: dict[str, list[Any]] = {}
    for answer in answered.answers:
        for column in answer.output or ():
            columns.setdefault(column, [])
    for column, cells in columns.items():
        cells += [None if answer.output is None else answer.output[column] for answer in answered.answers]
    if any(one is not None for one in answered.names):
        columns[PREDICTION_ID] = [*answered.names]
    if any(answer.failures for answer in answered.answers):
        columns[ERROR] = [_said(answer.failures) for answer in answered.answers]
    absent = [
        wanted for wanted in asked.outputs or () if wanted not in columns and wanted not in (ERROR, PREDICTION_ID)
    ]
    if absent:
        raise _misshapen(f"outputs among {list(columns)}", absent)
    wanted = [column for column in columns if asked.outputs is None or column in asked.outputs or column == ERROR]
    said = {"model_name": name, "model_version": answered.version}
    return {
        **said,
        **({} if asked.id is None else {"id": asked.id}),
        "outputs": [_tensor(column, columns[column]) for column in wanted],
    }


def describe_inputs(schema: Schema, columns: Sequence[str]) -> list[dict[str, Any]]:
    """The tensors that the model takes."""
    kinds = {name: schema.kind(name) if name in schema.columns else ColumnType.NUMBER for name in columns}
    return [{"name": name, "datatype": DATATYPES[kind], "shape": [-1]} for name, kind in kinds.items()]


def describe_outputs(columns: Sequence[str], classes: Sequence[object]) -> list[dict[str, Any]]:
    """The tensors that the model gives.

    Args:
        columns: Names of what is answered, the prediction first.
        classes: The classes; empty where the prediction is a number.
    """
    kinds = [_datatype(list(classes)) if classes else "FP64", *["FP64"] * (len(columns) - 1)]
    return [{"name": name, "datatype": kind, "shape": [-1]} for name, kind in zip(columns, kinds, strict=True)]


def _head_of(tensor: object) -> tuple[str, list[int], str]:
    expected = 'a tensor with "name", "shape", "datatype" and "data"'
    if not isinstance(tensor, dict) or not isinstance(tensor.get("parameters") or {}, dict):
        raise _misshapen(expected, tensor)
    name, shape, datatype = tensor.get("name"), tensor.get("shape"), tensor.get("datatype")
    if not isinstance(name, str) or not isinstance(datatype, str) or datatype not in {*_WIDTHS, _BYTES}:
        raise _misshapen(f"{expected}; datatypes are {[*_WIDTHS, _BYTES]}", tensor)
    if not isinstance(shape, list) or not shape or not all(type(size) is int and size >= 0 for size in shape):
        raise _misshapen(f"{expected}; a shape such as [2]", shape)
    return name, shape, datatype


def _columns_of(
    name: str, shape: Sequence[int], cells: list[Any], columns: Sequence[str], *, alone: bool
) -> dict[str, list[Any]]:
    wide = math.prod(shape[1:])
    if wide == 1:
        return {name: cells}
    if alone and len(shape) == _TABLE and wide == len(columns):
        return {column: cells[place::wide] for place, column in enumerate(columns)}
    raise _misshapen(f"tensors of shape [n], or one alone of shape [n, {len(columns)}]", f"{name!r} of shape {shape}")


def _flat(data: object, shape: Sequence[int], name: str) -> list[Any]:
    """Cells in one list; they may be nested as their shape says."""
    if not isinstance(data, list):
        raise _misshapen(f"a list of cells as data of {name!r}", data)
    cells = data
    for _ in shape[1:]:
        if cells and all(isinstance(cell, list) for cell in cells):
            cells = [cell for part in cells for cell in part]
    return cells


def _decode(name: str, datatype: str, raw: bytes) -> list[Any]:
    if datatype == _BYTES:
        return _texts(name, raw)
    width = np.dtype(_WIDTHS[datatype])
    if len(raw) % width.itemsize:
        raise _misshapen(f"whole cells of {datatype} in {name!r}", f"{len(raw)} bytes")
    return list(np.frombuffer(raw, dtype=width).tolist())


def _texts(name: str, raw: bytes) -> list[str]:
    texts, place = [], 0
    while place < len(raw):
        if place + _LENGTH.size > len(raw):
            raise _misshapen(f"texts with their length before each in {name!r}", f"{len(raw)} bytes")
        (length,) = _LENGTH.unpack_from(raw, place)
        place += _LENGTH.size
        if place + length > len(raw):
            raise _misshapen(f"a text of {length} bytes in {name!r}", f"{len(raw) - place}")
        texts.append(raw[place : place + length].decode(errors="replace"))
        place += length
    return texts


def _whole(size: object, name: str) -> int:
    if type(size) is not int or size < 0:
        raise _misshapen(f"a whole number as binary_data_size of {name!r}", size)
    return size


def _wanted(outputs: object) -> tuple[str, ...] | None:
    if outputs is None:
        return None
    names = [one.get("name") if isinstance(one, dict) else None for one in outputs] if isinstance(outputs, list) else []
    if not isinstance(outputs, list) or not all(isinstance(name, str) for name in names):
        raise _misshapen('outputs such as [{"name": "prediction"}]', outputs)
    return tuple(str(name) for name in names) or None


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _tensor(name: str, cells: list[Any]) -> dict[str, Any]:
    return {"name": name, "datatype": _datatype(cells), "shape": [len(cells)], "data": cells}


def _datatype(cells: Sequence[object]) -> str:
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds == {bool}:
        return "BOOL"
    if kinds == {int}:
        return "INT64"
    return "FP64" if kinds and kinds <= {int, float} else _BYTES


def _said(failures: Sequence[Any]) -> str:
    return "; ".join(f"{item.column}: {item.check} ({item.value})" for item in failures)


def _misshapen(expected: str, got: object) -> DataError:
    return DataError(
        "the body is no inference request",
        expected=expected,
        got=f"{got!r:.80}",
        advice=f"send {expected}",
    )
