"""What MLflow calls to load one of our models: `loader_module="ml_lifecycle.release.flavor"`. It needs no MLflow.

How models get into MLflow lives in `registry`, what they answer in `answers`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from ml_lifecycle.release.packaging import Package, load_package


class PackageModel:
    """A package, as MLflow's pyfunc calls it."""

    def __init__(self, package: Package) -> None:
        self.package = package

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Answers for rows as they came, history looked up in the package; there are no parameters."""
        del params
        return self.package.answer(model_input)


def _load_pyfunc(path: str) -> PackageModel:
    return PackageModel(load_package(Path(path)))
