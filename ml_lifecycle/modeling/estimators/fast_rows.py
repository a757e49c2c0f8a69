"""`FastRows`: one row through a LightGBM booster by the single-row-fast functions of LightGBM's C API.

`Booster.predict` looks at the kind of its input, at the parameters and at the shape each time, which for a single row
costs more than the trees. The C API does that once and then takes the address of a row. What is predicted is the same
to the last bit. Whole tables are predicted in `lightgbm_trees`.
"""

from __future__ import annotations

import ctypes
import threading
import weakref
from typing import TYPE_CHECKING, Any, Final

import lightgbm as lgb
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

_FLOAT32: Final = 0  # C_API_DTYPE_FLOAT32
_NORMAL: Final = 0  # C_API_PREDICT_NORMAL
#: One thread: a row is too little work to be shared. The shape was checked by our own contract.
_PARAMETERS: Final = b"num_threads=1 predict_disable_shape_check=true"


class FastRows:
    """Predicts single rows of one booster, from any thread; each thread has a configuration of its own.

    Args:
        booster: The booster; it must not be changed afterwards.

    Raises:
        LightGBMError: The library refuses the booster.
    """

    def __init__(self, booster: lgb.Booster) -> None:
        self._booster = booster
        self._columns = booster.num_feature()
        self._outputs = booster.num_model_per_iteration()
        self._own = threading.local()

    def __reduce__(self) -> tuple[type[FastRows], tuple[lgb.Booster]]:
        """What a thread has is made again elsewhere."""
        return type(self), (self._booster,)

    def __deepcopy__(self, memo: dict[int, Any]) -> FastRows:
        """The same: a copy of the booster, with configurations of its own."""
        import copy

        return type(self)(copy.deepcopy(self._booster, memo))

    def predict(self, values: np.ndarray) -> float | np.ndarray:
        """Predict one row.

        Args:
            values: Features, (f,); whatever their type, they are read as float32, as everywhere.

        Returns:
            A figure, or (k,) of them for k classes; what `Booster.predict` gives for the row.
        """
        try:
            ask: Callable[[np.ndarray], float | np.ndarray] = self._own.ask
        except AttributeError:
            ask = self._own.ask = _configure(self._booster, self._columns, self._outputs)
        return ask(values)


def _configure(booster: lgb.Booster, columns: int, outputs: int) -> Callable[[np.ndarray], float | np.ndarray]:
    """Make the function of one thread: its buffers lie still, and its configuration goes when the function goes."""
    library = lgb.basic._LIB  # noqa: SLF001 - LightGBM has no public way to its C API
    check = lgb.basic._safe_call  # noqa: SLF001 - same
    handle = ctypes.c_void_p()
    check(
        library.LGBM_BoosterPredictForMatSingleRowFastInit(
            booster._handle,  # noqa: SLF001 - same
            ctypes.c_int(_NORMAL),
            ctypes.c_int(0),
            ctypes.c_int(booster.best_iteration),
            ctypes.c_int(_FLOAT32),
            ctypes.c_int32(columns),
            ctypes.c_char_p(_PARAMETERS),
            ctypes.byref(handle),
        )
    )
    row = np.zeros(columns, dtype=np.float32)
    answer = np.zeros(outputs, dtype=np.float64)
    length = ctypes.c_int64()
    address = ctypes.c_void_p(row.ctypes.data)
    out = ctypes.cast(answer.ctypes.data, ctypes.POINTER(ctypes.c_double))
    count = ctypes.byref(length)
    call = library.LGBM_BoosterPredictForMatSingleRowFast

    def ask(values: np.ndarray) -> float | np.ndarray:
        row[:] = values
        failed = call(handle, address, count, out)
        if failed:
            check(failed)
        return answer.copy() if outputs > 1 else float(answer[0])

    # The booster is named so that it outlives the configuration, which reads it.
    weakref.finalize(ask, _free, library, handle, booster)
    return ask


def _free(library: Any, handle: ctypes.c_void_p, booster: lgb.Booster) -> None:  # noqa: ANN401 - a ctypes library
    del booster
    library.LGBM_FastConfigFree(handle)
