"""The form in which MLflow keeps a package: a pyfunc model with signature, input example and pinned requirements.

MLflow loads it by `flavor`, that is by our own reading of the package: nothing in it is pickled. How it becomes a
version lives in `registry`.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from ml_lifecycle.release.bundle.requirements import REQUIREMENTS_FILE, installed_from_index

LOADER: Final = "ml_lifecycle.release.flavor"
#: The folder of the package inside MLflow's folder.
DATA_FOLDER: Final = "package"


@dataclass(frozen=True, slots=True)
class Signature:
    """What a registered version says it takes and returns.

    Args:
        inputs: Input columns with their MLflow types.
        outputs: Output columns with their MLflow types.
        has_example: Whether an input example lies beside it.
    """

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    has_example: bool


def save_model(target: Path, package_folder: Path, signed: tuple[pd.DataFrame, pd.DataFrame], model: Any) -> None:  # noqa: ANN401 - an MLflow LoggedModel
    """Write a package in MLflow's form.

    Args:
        target: The folder to write.
        package_folder: The package.
        signed: Rows and their answers, for the signature and the input example.
        model: MLflow's record of the model.
    """
    import mlflow.pyfunc
    from mlflow.models import Model, infer_signature

    data = target.parent / DATA_FOLDER  # MLflow keeps the folder's name, so it must always be the same
    shutil.copytree(package_folder, data, ignore=shutil.ignore_patterns("__pycache__"))
    described = Model(
        artifact_path=model.artifact_location,
        run_id=model.source_run_id,
        model_id=model.model_id,
        model_uuid=model.model_id,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that whole numbers cannot be missing: the schema has seen to it
        mlflow.pyfunc.save_model(
            path=str(target),
            mlflow_model=described,
            loader_module=LOADER,
            data_path=str(data),
            signature=infer_signature(*signed),
            input_example=signed[0],
            # Explicit, since MLflow would start a process that imports everything to find them out.
            pip_requirements=installed_from_index((package_folder / REQUIREMENTS_FILE).read_text()),
        )


def read_signature(folder: Path) -> Signature | None:
    """What a model in MLflow's form says it takes and returns; None if it does not say."""
    from mlflow.models import Model

    said = Model.load(str(folder)).signature
    if said is None:
        return None
    inputs, outputs = ({item.name: item.type.name for item in spec or []} for spec in (said.inputs, said.outputs))
    return Signature(inputs, outputs, has_example=(folder / "input_example.json").is_file())
