"""Proof that a package works elsewhere: another Python loads it and predicts the same, to the last bit.

The other Python is another process of this one, or that of a fresh virtual environment with nothing in it but what the
package asks for (`fresh_environment`). What runs there is this module:
`python -m ml_lifecycle.release.elsewhere <package> <rows.json> <predictions.npy>`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from ml_lifecycle.dataset.rows import is_missing
from ml_lifecycle.release.fresh_environment import NotInstalled, make_environment
from ml_lifecycle.release.packaging import load_package, same_predictions
from ml_lifecycle.verdict import Fact, Verdict

#: Where a package is proven: in another process of this interpreter, or in a fresh virtual environment.
Proof: TypeAlias = Literal["process", "environment"]

#: How long the other process may take, and how long a fresh environment may take to be installed.
_SECONDS: Final = 120.0
_INSTALL_SECONDS: Final = 900.0


def judge_loads_elsewhere(
    folder: Path,
    frame: pd.DataFrame,
    expected: np.ndarray,
    *,
    proof: Proof = "process",
    seconds: float = _SECONDS,
    install_seconds: float = _INSTALL_SECONDS,
) -> Verdict:
    """loads_elsewhere: a fresh Python process loads the package and predicts the same, to the last bit.

    Args:
        folder: The package.
        frame: Rows of the schema's types, with at least the columns that rows must bring; history columns that they do
            not have, the other process looks up.
        expected: The predictions for these rows, made in this process.
        proof: Whose process; `environment` installs the package's requirements, which takes a network and a minute.
        seconds: How long the other process may take.
        install_seconds: How long a fresh environment may take to be made.
    """
    began = monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        rows, answer = Path(scratch) / "rows.json", Path(scratch) / "predictions.npy"
        columns = [name for name in load_package(folder).inputs if name in frame.columns]
        rows.write_text(_write_rows(frame[columns]))
        try:
            python = _python_of(proof, folder, Path(scratch), install_seconds)
        except NotInstalled as error:
            return _verdict(len(frame), proof, began, problem=str(error))
        command = [*python, "-m", __name__, str(folder.resolve()), str(rows), str(answer)]
        problem = _run(command, Path(scratch), seconds)
        if problem:
            return _verdict(len(frame), proof, began, problem=problem)
        got = np.load(answer, allow_pickle=False)
    said, difference = _compare(np.asarray(expected, dtype=np.float64), got)
    return _verdict(len(frame), proof, began, problem=said, difference=difference)


def _python_of(proof: Proof, folder: Path, scratch: Path, seconds: float) -> Sequence[str]:
    if proof == "process":
        return [sys.executable]
    # Isolated: neither variables nor the working folder may lend it what the package lacks.
    return [str(make_environment(folder, scratch / "environment", seconds=seconds)), "-I"]


def _run(command: Sequence[str], folder: Path, seconds: float) -> str:
    """Run the other process; what went wrong, or nothing."""
    try:
        done = subprocess.run(  # noqa: S603 - a Python and a module of ours
            command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return f"The other process did not answer within {seconds:g} s."
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return f"The other process failed: {last}"
    return ""


def _compare(expected: np.ndarray, got: np.ndarray) -> tuple[str, float]:
    """What is different in words, and by how much; nothing where nothing is."""
    if same_predictions(expected, got):
        return "", 0.0
    if got.shape != expected.shape:
        return f"Its predictions have shape {got.shape}, not {expected.shape}.", float("inf")
    largest = float(np.nanmax(np.abs(got - expected)))
    return f"Its predictions differ by up to {largest:g}.", largest


def _verdict(rows: int, proof: Proof, began: float, *, problem: str = "", difference: float | None = None) -> Verdict:
    known = difference if difference is not None and np.isfinite(difference) else None
    took = monotonic() - began
    facts: dict[str, Fact] = {"rows": rows, "largest_difference": known, "proof": proof, "seconds": round(took, 1)}
    where = "A fresh Python process" if proof == "process" else "A fresh virtual environment"
    return Verdict(
        gate="loads_elsewhere",
        passed=not problem,
        summary=problem or f"{where} loaded the package and predicted the same for {rows} rows.",
        facts=facts,
        advice="see that the package holds all that the model needs, and that both processes use the same libraries",
    )


def _write_rows(frame: pd.DataFrame) -> str:
    """Rows as JSON that gives back every bit of a number; Parquet would need a library that scoring does not."""
    split = {"columns": list(frame.columns), "data": [list(row) for row in frame.itertuples(index=False, name=None)]}
    return json.dumps(split, default=_plain)


def _plain(cell: object) -> object:
    if isinstance(cell, np.generic):
        return cell.item()
    if is_missing(cell):
        return None
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def main(package: str, rows: str, answer: str) -> None:
    """Load a package, predict the rows of a file, write the predictions."""
    loaded = load_package(Path(package))
    split = json.loads(Path(rows).read_text())
    frame = loaded.coerce(pd.DataFrame(split["data"], columns=split["columns"]))
    np.save(answer, loaded.predictor.predict(frame), allow_pickle=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
