"""Proof that a package answers over HTTP: a real server on loopback is asked, and must say what the batch says."""

from __future__ import annotations

import math
from typing import Any, Final

import httpx
import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.release.packaging import Package
from ml_lifecycle.serving.app import build_app
from ml_lifecycle.serving.champion import FixedProvider
from ml_lifecycle.serving.prediction_log import write_json
from ml_lifecycle.serving.server import serve_in_thread
from ml_lifecycle.verdict import Verdict

_SECONDS: Final = 30.0
#: Batch and single row may sum a forest's trees in another order, which changes the last bits.
_RELATIVE: Final = 1e-9


def judge_endpoint(config: ProjectConfig, package: Package, version: str, frame: pd.DataFrame) -> Verdict:
    """endpoint_answers: a server on loopback answers good rows as the batch does, and refuses a bad one.

    Nothing of it goes into the prediction log.

    Args:
        config: The project.
        package: The package to serve.
        version: Its version.
        frame: Some good rows, with at least the columns that rows must bring.
    """
    columns = [name for name in package.manifest.columns if name in frame.columns]
    rows = [dict(zip(columns, values, strict=True)) for values in frame[columns].itertuples(index=False, name=None)]
    expected = package.answer(frame).to_dict("records")
    with (
        serve_in_thread(build_app(config, FixedProvider(package, version), None)) as address,
        httpx.Client(base_url=address, timeout=_SECONDS, trust_env=False) as client,
    ):
        single = [_ask(client, "/predict", row) for row in rows]
        together = _ask(client, "/invocations", {"dataframe_records": rows})
        refused = client.post("/predict", content=b'["no row"]').status_code
        told = _ask(client, "/version", None)
    problems = [
        _differ("a row by itself", [str(name) for name in expected[0]] if expected else [], expected, single),
        _differ("rows together", [], expected, together.get("predictions") or []),
        "" if refused == httpx.codes.UNPROCESSABLE_ENTITY else f"a bad row was answered with status {refused}",
        "" if told.get("model_version") == version else f"version {told.get('model_version')} answered",
    ]
    found = [problem for problem in problems if problem]
    return Verdict(
        gate="endpoint_answers",
        passed=not found,
        summary=f"The server does not answer as the batch: {'; '.join(found)}."
        if found
        else f"The server answered {len(rows)} rows over HTTP as the batch does, one by one and together.",
        facts={"rows": len(rows), "version": version, "problems": [*found]},
        advice="look at the server's log; the package must answer one row as it answers many",
    )


def _ask(client: httpx.Client, path: str, body: object | None) -> dict[str, Any]:
    response = client.get(path) if body is None else client.post(path, content=write_json(body))
    answer: dict[str, Any] = response.json()
    return answer


def _differ(what: str, names: list[str], expected: list[dict[Any, Any]], got: list[Any]) -> str:
    """The first difference in words; empty if there is none."""
    if len(expected) != len(got):
        return f"{what}: {len(got)} answers to {len(expected)} rows"
    for row, (wanted, answer) in enumerate(zip(expected, got, strict=True)):
        for name in names or wanted:
            if not _same(wanted[name], (answer or {}).get(name)):
                return f"{what}: {name} of row {row} is {(answer or {}).get(name)!r}, not {wanted[name]!r}"
    return ""


def _same(wanted: object, got: object) -> bool:
    if isinstance(wanted, float) and isinstance(got, int | float):
        return math.isclose(wanted, got, rel_tol=_RELATIVE, abs_tol=_RELATIVE)
    return wanted == got
