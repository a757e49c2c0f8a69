"""Storing scikit-learn trees with skops: only types of a closed list are ever loaded, and the bytes are canonical.

skops names nodes by memory address and stamps files with the time, and the nodes of a tree have gaps between their
fields that hold whatever the memory held. Here nodes are numbered in order of appearance, files have a fixed date and
gaps are zero, so that two equal models are equal bytes and the gate `reproducible` can compare them.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np

from ml_lifecycle.errors import PackageError

MODEL_FILE = "model.skops"
#: All that our tree models consist of beyond what skops trusts by itself.
TRUSTED = (
    "functools.partial",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
    "sklearn.utils.validation.check_array",
)
_SCHEMA = "schema.json"
_DATE = (1980, 1, 1, 0, 0, 0)


def dump_estimator(estimator: object) -> bytes:
    """A fitted estimator as canonical skops bytes."""
    import skops.io

    archive = zipfile.ZipFile(io.BytesIO(skops.io.dumps(estimator)))
    schema = json.loads(archive.read(_SCHEMA))
    numbers: dict[int, int] = {}
    _renumber(schema, numbers)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        _write(out, _SCHEMA, json.dumps(schema, separators=(",", ":")).encode())
        members = {_numbered(name, numbers): name for name in archive.namelist() if name != _SCHEMA}
        for number in sorted(members):
            _write(out, number, _clear_gaps(archive.read(members[number])))
    return target.getvalue()


def load_estimator(content: bytes) -> Any:  # noqa: ANN401 - scikit-learn has no common type that predicts
    """Read what `dump_estimator` wrote.

    Raises:
        PackageError: The bytes are damaged, or hold a type that is not on the list.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return skops.io.loads(content, trusted=list(TRUSTED))
    except (UntrustedTypesFoundException, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise PackageError(
            f"{MODEL_FILE} cannot be read",
            expected="a model of ours, of the scikit-learn version it was stored with",
            got=f"{type(error).__name__}: {error}",
            advice="package the model again; do not load models from strangers",
        ) from error


def _renumber(node: Any, numbers: dict[int, int]) -> None:  # noqa: ANN401 - JSON
    if isinstance(node, list):
        for item in node:
            _renumber(item, numbers)
    elif isinstance(node, dict):
        if "__id__" in node:
            node["__id__"] = numbers.setdefault(node["__id__"], len(numbers))
        if isinstance(node.get("file"), str):
            node["file"] = _numbered(node["file"], numbers)
        for item in node.values():
            _renumber(item, numbers)


def _numbered(name: str, numbers: dict[int, int]) -> str:
    stem, _, suffix = name.partition(".")
    return f"{numbers.setdefault(int(stem), len(numbers))}.{suffix}" if stem.isdigit() else name


def _clear_gaps(content: bytes) -> bytes:
    """An array of records with zeros between the fields; anything else as it is."""
    if not content.startswith(np.lib.format.MAGIC_PREFIX):
        return content
    array = np.load(io.BytesIO(content), allow_pickle=False)
    if array.dtype.names is None:
        return content
    gaps = np.ones(array.dtype.itemsize, dtype=bool)
    for kind, offset, *_ in (array.dtype.fields or {}).values():
        gaps[offset : offset + kind.itemsize] = False
    start = len(content) - array.nbytes
    # As bytes: numpy copies records field by field and leaves the gaps to chance again.
    raw = np.frombuffer(content[start:], dtype=np.uint8).reshape(-1, array.dtype.itemsize)
    return content[:start] + np.where(gaps, np.uint8(0), raw).tobytes()


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, date_time=_DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, content, compresslevel=1)
