"""A LightGBM model as machine code: C by tl2cgen, the compiler of the treelite project, built by the C compiler here.

The extra `compiled`. What comes out is a shared library with the plain C function `predict`, which any program can
call. It computes in float64 in the order of the trees, so its predictions are LightGBM's own. It is an export: a server
does not load it from a package, since machine code cannot be looked at before it runs.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ConfigError, ModelError
from ml_lifecycle.modeling.estimators.facts import ModelFacts
from ml_lifecycle.modeling.estimators.lightgbm_trees import LightGBMModel
from ml_lifecycle.modeling.optimization.extras import import_extra

LIBRARY_FILE = "model.so"
#: C compilers that tl2cgen can drive, the first one found is taken.
_COMPILERS = ("gcc", "clang")
#: Trees that go into one file of C: a compiler takes more than its share of time for long functions.
_TREES_PER_FILE = 50


class CompiledModel:
    """A compiled model, which predicts as `FittedModel` does.

    Args:
        facts: Facts of the model it was made from.
        content: The shared library.

    Raises:
        ConfigError: The extra is not installed.
    """

    def __init__(self, facts: ModelFacts, content: bytes) -> None:
        tl2cgen = import_extra("tl2cgen", form="compiled")
        self._goal = facts.goal
        self._make_rows = tl2cgen.DMatrix
        # A library is loaded from a file; once it is, the file may go.
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / LIBRARY_FILE
            path.write_bytes(content)
            with _quietly():
                self._predictor = tl2cgen.Predictor(str(path), nthread=facts.goal.threads)
            self._one = ctypes.CDLL(str(path)).predict
        self._one.argtypes, self._one.restype = (ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p), None

    def predict(self, values: np.ndarray) -> np.ndarray:
        """Predict (n, f) features."""
        rows = self._make_rows(np.ascontiguousarray(values, dtype=np.float32))
        found = np.asarray(self._predictor.predict(rows), dtype=np.float64).reshape(len(values), -1)
        return found if self._goal.kind is Kind.MULTICLASS else found[:, 0]

    def predict_row(self, values: np.ndarray) -> Any:  # noqa: ANN401 - a figure, or an array of them
        """Predict (f,) features, by the C function itself."""
        cells = values.astype(np.float64)
        # The C code takes a union: -1 in its integer means missing. No float32 has these bits as a float64.
        cells.view(np.int32)[::2][np.isnan(cells)] = -1
        out = np.zeros(self._goal.outputs)
        self._one(cells.ctypes.data, 0, out.ctypes.data)
        return out if self._goal.kind is Kind.MULTICLASS else float(out[0])


def compile_model(model: LightGBMModel) -> bytes:
    """The model as a shared library for this machine.

    Raises:
        ConfigError: The extra or a C compiler is not installed.
        ModelError: tl2cgen cannot take the model, or the compiler refuses its C.
    """
    compiler = find_compiler()
    treelite, tl2cgen = import_extra("treelite", form="compiled"), import_extra("tl2cgen", form="compiled")
    files = max(1, model.iterations * model.facts.goal.outputs // _TREES_PER_FILE)
    with tempfile.TemporaryDirectory() as folder, _quietly():
        text, library = Path(folder) / "model.txt", Path(folder) / LIBRARY_FILE
        text.write_text(model.text, encoding="utf-8")
        try:
            taken = treelite.frontend.load_lightgbm_model(str(text))
            threads = model.facts.goal.threads
            tl2cgen.export_lib(taken, compiler, str(library), {"parallel_comp": files}, nthread=threads)
        except (treelite.TreeliteError, tl2cgen.TL2cgenError, RuntimeError) as error:
            raise ModelError(
                "the model cannot be compiled",
                expected="a model that treelite reads and C that the compiler takes",
                got=str(error).strip().splitlines()[-1],
                advice="leave out the format compiled",
            ) from error
        return library.read_bytes()


def find_compiler() -> str:
    """The C compiler of this machine.

    Raises:
        ConfigError: There is none.
    """
    for name in _COMPILERS:
        if shutil.which(name):
            return name
    raise ConfigError(
        "the form compiled needs a C compiler",
        expected=" or ".join(_COMPILERS),
        got=f"none of them on the path of {sys.platform}",
        advice="install one, such as with `apt-get install gcc`, or leave the form out",
    )


def _quietly() -> contextlib.redirect_stdout[io.StringIO]:
    """Keep what the libraries tell their developers out of what a command prints."""
    return contextlib.redirect_stdout(io.StringIO())
