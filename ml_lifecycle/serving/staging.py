"""The dress rehearsal: a registered package is served on loopback, as in production, and asked what callers ask.

What is sent lives in `staging_smoke` and `staging_load`, what it is judged by in `staging_gates`. Nothing of it goes
into the project's prediction log.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import orjson
import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.errors import DataError
from ml_lifecycle.parts import Parts
from ml_lifecycle.serving.app import build_app
from ml_lifecycle.serving.champion import FixedProvider
from ml_lifecycle.serving.log_lines import write_json
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle.serving.scoring import Scorer
from ml_lifecycle.serving.server import serve_in_thread
from ml_lifecycle.serving.staging_client import Caller
from ml_lifecycle.serving.staging_equality import find_differences
from ml_lifecycle.serving.staging_load import STRETCHES, LoadResult, run_load
from ml_lifecycle.serving.staging_smoke import run_smoke, smoke_cases

if TYPE_CHECKING:
    from ml_lifecycle.release.packaging import Package

#: How long one answer, and all of a load, may take.
_ANSWER_SECONDS: Final = 30.0
_LOAD_SECONDS: Final = 120.0
#: Limits are tried where they are reached cheaply: the same code refuses, and a rehearsal sends no gigabytes.
_MOST_MB: Final = 1.0
_MOST_ROWS: Final = 10_000
_FILE: Final = "staged.json"


@dataclass(frozen=True)
class Staged:
    """What a rehearsal has shown.

    Args:
        project: The project.
        version: The version that was rehearsed.
        digest: Hash of its package.
        smoke: One row per smoke request: case, expected, status, passed, ms, said.
        alone: Requests over one connection.
        together: Requests over several connections at once.
        compared: How many rows were compared with the batch.
        differences: Where the server and the batch differ, in words; at most a few.
        logged: Whether predictions were logged as in production, into a log that is thrown away.
    """

    project: str
    version: str
    digest: str
    smoke: pd.DataFrame
    alone: LoadResult
    together: LoadResult
    compared: int
    differences: tuple[str, ...]
    logged: bool

    @property
    def latency(self) -> pd.DataFrame:
        """One row per load: connections, requests, failed, percentiles in milliseconds, answers a second."""
        return pd.DataFrame([asdict(self.alone), asdict(self.together)])

    def to_parts(self) -> Parts:
        """The smoke requests as a table, the rest as JSON."""
        said = {name: getattr(self, name) for name in ("project", "version", "digest", "compared", "logged")}
        loads = {"alone": asdict(self.alone), "together": asdict(self.together)}
        state = {**said, **loads, "differences": list(self.differences)}
        return Parts({"smoke": self.smoke}, {_FILE: orjson.dumps(state)})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put the record together again."""
        state = orjson.loads(parts.files[_FILE])
        loads = {name: _load_of(state.pop(name)) for name in ("alone", "together")}
        return cls(**{**state, **loads, "differences": tuple(state["differences"])}, smoke=parts.tables["smoke"])


def rehearse(config: ProjectConfig, package: Package, version: str, frame: pd.DataFrame) -> Staged:
    """Serve a package on loopback and ask it: smoke requests, the same rows as the batch, and a load.

    Args:
        config: The project; its release section says how much is asked.
        package: The package, as it was fetched from the registry.
        version: Its version.
        frame: Rows as they come, with at least the columns that rows must bring; those that break the schema are left
            out.

    Raises:
        DataError: None of the rows keeps the schema.
        StateError: The server does not come up.
    """
    scored = Scorer(package).score_frame(_identified(frame))
    if scored.good.empty:
        raise DataError(
            "there is no row to rehearse with",
            expected="at least one row that keeps the schema",
            got=f"{len(frame)} rows that do not",
            advice="see the verdict schema_valid, and that the schema of the package is that of the data",
        )
    rows = _as_rows(scored.good, package.manifest.columns)
    trial = _on_trial(config)
    smoke, differences = _ask(trial, package, version, rows, scored.answers)
    alone, together = _load(trial, package, version, rows)
    return Staged(
        project=config.name,
        version=version,
        digest=package.manifest.digest,
        smoke=smoke,
        alone=alone,
        together=together,
        compared=len(rows),
        differences=tuple(differences),
        logged=config.serving.log,
    )


def _ask(
    config: ProjectConfig, package: Package, version: str, rows: Sequence[Mapping[str, Any]], answers: pd.DataFrame
) -> tuple[pd.DataFrame, list[str]]:
    """Smoke requests and equality; without a log, so that a model that looks back learns nothing from them."""
    cases = smoke_cases(package, config.serving, rows[0])
    with serve_in_thread(build_app(config, FixedProvider(package, version), None)) as address:
        smoke = run_smoke(address, cases, seconds=_ANSWER_SECONDS)
        with Caller(address, seconds=_ANSWER_SECONDS) as caller:
            return smoke, find_differences(caller, rows, answers)


def _load(
    config: ProjectConfig, package: Package, version: str, rows: Sequence[Mapping[str, Any]]
) -> tuple[LoadResult, LoadResult]:
    """Both loads, with a log that is thrown away where production has one: writing it is part of the time."""
    bodies, staging = [write_json(row) for row in rows], config.release.staging
    with tempfile.TemporaryDirectory() as scratch:
        log = PredictionLog(f"sqlite:///{Path(scratch) / 'log.db'}") if config.serving.log else None
        with serve_in_thread(build_app(config, FixedProvider(package, version), log)) as address:
            ask = partial(run_load, address, bodies, requests=staging.requests, seconds=_LOAD_SECONDS)
            alone = ask(connections=1, stretches=STRETCHES)
            return alone, ask(connections=staging.concurrency)


def _on_trial(config: ProjectConfig) -> ProjectConfig:
    """The project on loopback, without keys, with limits that can be tried."""
    serving = config.serving
    changes = {
        "host": "127.0.0.1",
        "auth": "none",
        "max_body_mb": min(serving.max_body_mb, _MOST_MB),
        "max_rows": min(serving.max_rows, _MOST_ROWS),
        "max_concurrency": max(serving.max_concurrency, config.release.staging.concurrency),
    }
    return config.model_copy(update={"serving": serving.model_copy(update=changes)})


def _identified(frame: pd.DataFrame) -> pd.DataFrame:
    return frame if ROW_ID in frame.columns else frame.assign(**{ROW_ID: range(len(frame))})


def _as_rows(frame: pd.DataFrame, columns: Sequence[str]) -> list[dict[str, Any]]:
    present = [name for name in columns if name in frame.columns]
    cells = frame[present].astype(object)
    whole = cells.where(cells.notna(), None)
    return [dict(zip(present, row, strict=True)) for row in whole.itertuples(index=False, name=None)]


def _load_of(state: dict[str, Any]) -> LoadResult:
    """JSON has no NaN: a load without one good answer has no percentiles."""
    known: dict[str, Any] = {name: float("nan") if value is None else value for name, value in state.items()}
    return LoadResult(**known)
