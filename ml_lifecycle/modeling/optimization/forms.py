"""`Form`: a model in one of the forms that are tried, and `Refused`: a form that a model cannot have.

How the forms are made lives in `pruning`, `refitting`, `quantisation`, `onnx_export` and `compiled`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias

import numpy as np

from ml_lifecycle.modeling.estimators import FittedModel, load_model
from ml_lifecycle.modeling.estimators.facts import FACTS_FILE

#: The name of the model as it is among its forms.
ORIGINAL = "original"


class Runtime(Protocol):
    """A model that was loaded and predicts: a `FittedModel`, or one in another runtime."""

    def predict(self, values: np.ndarray) -> np.ndarray:
        """Predict (n, f) features."""
        ...

    def predict_row(self, values: np.ndarray) -> object:
        """Predict (f,) features."""
        ...


@dataclass(frozen=True, slots=True)
class Form:
    """A form that can be measured.

    Args:
        name: `original`, or the name of a variant.
        predict: Predicts (n, f) features, as `FittedModel.predict`.
        load: Loads it from its bytes, as a server does when it starts.
        size_bytes: Size of its files.
        note: What a reader must know of it.
        model: The model of this form; None for another runtime, which is measured and exported but not packaged.
        content: The exported file of another runtime.
    """

    name: str
    predict: Callable[[np.ndarray], np.ndarray]
    load: Callable[[], Runtime]
    size_bytes: int
    note: str = ""
    model: FittedModel | None = None
    content: bytes = b""

    def to_file(self) -> bytes:
        """The one file that a program without this package reads: the library's own format, or the export."""
        if self.model is None:
            return self.content
        return b"".join(content for name, content in self.model.to_files().items() if name != FACTS_FILE)

    @classmethod
    def of(cls, name: str, model: FittedModel, note: str = "") -> Form:
        """The form of a model that this package knows."""
        files = model.to_files()
        size = sum(map(len, files.values()))
        return cls(name, model.predict, partial(load_model, files), size, note, model=model)


@dataclass(frozen=True, slots=True)
class Refused:
    """A form that a model cannot have, and why."""

    name: str
    reason: str


#: What came of the attempt to give a model a form.
Attempt: TypeAlias = Form | Refused
