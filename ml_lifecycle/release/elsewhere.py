"""Proof that a package works elsewhere: another Python process loads it and predicts the same, to the last bit.

Also that process itself: `python -m ml_lifecycle.release.elsewhere <package> <rows.parquet> <predictions.npy>`. What a
package is lives in `packaging`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from ml_lifecycle.release.packaging import load_package, same_predictions
from ml_lifecycle.verdict import Fact, Verdict

_SECONDS: Final = 120.0


def judge_loads_elsewhere(
    folder: Path, frame: pd.DataFrame, expected: np.ndarray, *, seconds: float = _SECONDS
) -> Verdict:
    """loads_elsewhere: a fresh Python process loads the package and predicts the same, to the last bit.

    Args:
        folder: The package.
        frame: Rows of the schema's types, with at least the columns that rows must bring; history columns that they do
            not have, the other process looks up.
        expected: The predictions for these rows, made in this process.
        seconds: How long the other process may take.
    """
    with tempfile.TemporaryDirectory() as scratch:
        rows, answer = Path(scratch) / "rows.parquet", Path(scratch) / "predictions.npy"
        columns = [name for name in load_package(folder).inputs if name in frame.columns]
        frame[columns].to_parquet(rows, index=False)
        command = [sys.executable, "-m", __name__, str(folder.resolve()), str(rows), str(answer)]
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter and module
                command, cwd=scratch, capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return _verdict(len(frame), problem=f"The other process did not answer within {seconds:g} s.")
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            return _verdict(len(frame), problem=f"The other process failed: {last}")
        got = np.load(answer, allow_pickle=False)
    return _compare(np.asarray(expected, dtype=np.float64), got)


def _compare(expected: np.ndarray, got: np.ndarray) -> Verdict:
    if same_predictions(expected, got):
        return _verdict(len(expected))
    if got.shape != expected.shape:
        return _verdict(len(expected), problem=f"Its predictions have shape {got.shape}, not {expected.shape}.")
    largest = float(np.nanmax(np.abs(got - expected)))
    return _verdict(len(expected), problem=f"Its predictions differ by up to {largest:g}.", difference=largest)


def _verdict(rows: int, *, problem: str = "", difference: float | None = None) -> Verdict:
    facts: dict[str, Fact] = {"rows": rows, "largest_difference": difference if problem else 0.0}
    return Verdict(
        gate="loads_elsewhere",
        passed=not problem,
        summary=problem or f"A fresh Python process loaded the package and predicted the same for {rows} rows.",
        facts=facts,
        advice="see that the package holds all that the model needs, and that both processes use the same libraries",
    )


def main(package: str, rows: str, answer: str) -> None:
    """Load a package, predict the rows of a Parquet file, write the predictions."""
    loaded = load_package(Path(package))
    np.save(answer, loaded.predictor.predict(loaded.complete(pd.read_parquet(rows))), allow_pickle=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
