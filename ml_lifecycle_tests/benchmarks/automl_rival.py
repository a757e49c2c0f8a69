"""One rival on one table, in an environment of its own: run as a script by `automl`, it imports nothing of ours.

    python automl_rival.py flaml|autogluon FOLDER SECONDS SEED

The folder holds train.parquet, test.parquet and job.json (kind, metric); predictions.npy and done.json are written.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

TARGET = "target"
_FLAML_METRICS = {"roc_auc": "roc_auc", "log_loss": "log_loss", "rmse": "rmse"}
_AUTOGLUON_METRICS = {"roc_auc": "roc_auc", "log_loss": "log_loss", "rmse": "root_mean_squared_error"}


def main() -> None:
    """Fit, predict, write."""
    rival, folder, seconds, seed = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    job = json.loads((folder / "job.json").read_text())
    train, test = (pd.read_parquet(folder / f"{name}.parquet") for name in ("train", "test"))
    began = time.monotonic()
    predictions = {"flaml": run_flaml, "autogluon": run_autogluon}[rival](train, test, job, seconds, seed)
    np.save(folder / "predictions.npy", np.asarray(predictions, dtype=np.float64))
    (folder / "done.json").write_text(json.dumps({"seconds": time.monotonic() - began}))


def run_flaml(train: pd.DataFrame, test: pd.DataFrame, job: dict[str, str], seconds: float, seed: int) -> np.ndarray:
    """FLAML with its own defaults and the budget."""
    from flaml import AutoML

    task = "regression" if job["kind"] == "regression" else "classification"
    for frame in (train, test):
        for name in frame.select_dtypes("object"):
            frame[name] = frame[name].astype("category")
    model = AutoML()
    model.fit(
        train.drop(columns=TARGET),
        train[TARGET],
        task=task,
        metric=_FLAML_METRICS[job["metric"]],
        time_budget=seconds,
        seed=seed,
        n_jobs=2,
        verbose=0,
    )
    rows = test.drop(columns=TARGET)
    if task == "regression":
        return np.asarray(model.predict(rows))
    found = model.predict_proba(rows)
    return np.asarray(found[:, 1] if job["kind"] == "binary" else found)


def run_autogluon(
    train: pd.DataFrame, test: pd.DataFrame, job: dict[str, str], seconds: float, seed: int
) -> np.ndarray:
    """AutoGluon with nothing but LightGBM, searched by its own search, which takes no seed."""
    del seed
    from autogluon.common import space
    from autogluon.tabular import TabularPredictor

    options = {
        "learning_rate": space.Real(5e-3, 0.2, default=0.05, log=True),
        "num_leaves": space.Int(16, 255, default=31),
        "feature_fraction": space.Real(0.5, 1.0, default=0.9),
        "min_data_in_leaf": space.Int(2, 60, default=20),
        "ag_args_fit": {"num_cpus": 2, "num_gpus": 0},
    }
    predictor = TabularPredictor(
        label=TARGET,
        eval_metric=_AUTOGLUON_METRICS[job["metric"]],
        problem_type={"regression": "regression", "binary": "binary"}.get(job["kind"], "multiclass"),
        path=str(Path(sys.argv[2]) / "autogluon"),
        verbosity=0,
    )
    predictor.fit(
        train,
        time_limit=seconds,
        hyperparameters={"GBM": options},
        hyperparameter_tune_kwargs={"num_trials": 1000, "scheduler": "local", "searcher": "random"},
        num_cpus=2,
    )
    rows = test.drop(columns=TARGET)
    if job["kind"] == "regression":
        return np.asarray(predictor.predict(rows))
    found = predictor.predict_proba(rows)
    return np.asarray(found[1] if job["kind"] == "binary" else found)


if __name__ == "__main__":
    main()
