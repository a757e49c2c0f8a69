"""The scoring server: which paths there are, and what they take and return. Scoring itself lives in `scoring`.

    POST /predict       a row, a list of rows, or {"rows": [...]}
    POST /invocations   MLflow's scoring protocol: dataframe_split, dataframe_records, instances
    GET  /health/live, /health/ready, /version

Bodies are read by orjson and rows by the project's own schema: a second model of each row would cost more than scoring.
How bodies become rows lives in `bodies`; starting the server in `server`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import orjson
from fastapi import FastAPI, Request, Response

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import DataError, StateError
from ml_lifecycle.release.packaging import HISTORY_UNTIL
from ml_lifecycle.serving.bodies import Body, parse_invocation, parse_predict
from ml_lifecycle.serving.champion import Provider, Served
from ml_lifecycle.serving.online_log import OnlineLog
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle.serving.server import run_server

if TYPE_CHECKING:
    from ml_lifecycle.release.ledger import Ledger
    from ml_lifecycle.release.registry import Registry
    from ml_lifecycle.serving.scoring import Answer

_REFRESH_SECONDS: Final = 1.0
_HISTORY: Final = (
    "Where the model looks back on what an entity did before, rows bring entity and event time. History is looked up "
    "as it was known up to `history_until` of `/version`, in what was logged when this version began to answer, and in "
    "the rows that this process has answered since. A row may bring history columns of its own, which are taken as "
    "they are."
)
_OK, _BAD_REQUEST, _TOO_LARGE, _UNPROCESSABLE, _UNAVAILABLE = 200, 400, 413, 422, 503


class _Refused(Exception):  # noqa: N818 - an answer, not an error of ours
    """An answer other than predictions."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(body)
        self.status = status
        self.body = body


def build_app(
    config: ProjectConfig, provider: Provider, log: PredictionLog | None, *, refresh_seconds: float = _REFRESH_SECONDS
) -> FastAPI:
    """Make the server's application.

    Args:
        config: The project.
        provider: Which version answers.
        log: Where predictions are kept before they are answered; None keeps none.
        refresh_seconds: How often the provider is asked whether there is a new champion.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(provider.refresh)
        watcher = asyncio.create_task(_watch(provider, refresh_seconds))
        yield
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher

    app = FastAPI(title=f"{config.name}: {config.brief.problem}", lifespan=lifespan)
    desk = _Desk(config, provider, OnlineLog(config, log) if log is not None else None)

    @app.post("/predict", summary="Predict one row or several.", description=_HISTORY)
    async def predict(request: Request) -> Response:
        return await desk.answer(request, parse_predict, _as_predict)

    @app.post("/invocations", summary="MLflow's scoring protocol.")
    async def invocations(request: Request) -> Response:
        return await desk.answer(request, parse_invocation, _as_invocation)

    @app.get("/health/live", summary="Whether the process answers.")
    async def live() -> Response:
        return _json(_OK, {"status": "live"})

    @app.get("/health/ready", summary="Whether a version answers.")
    async def ready() -> Response:
        served = provider.served
        status = _OK if served else _UNAVAILABLE
        version = served.version if served else None
        return _json(status, {"ready": served is not None, "model_version": version, "problem": provider.problem})

    @app.get("/version", summary="Which version answers.")
    async def version() -> Response:
        return _json(_OK, desk.version())

    return app


def serve(
    config: ProjectConfig,
    *,
    registry: Registry,
    ledger: Ledger,
    log: PredictionLog,
    port: int | None = None,
) -> None:
    """Serve the champion of a project over HTTP until the process is told to end.

    Args:
        config: The project; its serving section says where.
        registry: Where packages come from.
        ledger: Who is champion.
        log: Where predictions are kept.
        port: Another port than that of the YAML.
    """
    from ml_lifecycle.serving.champion import ChampionProvider
    from ml_lifecycle.serving.stored_features import StoredFeatures

    stored = StoredFeatures.open(config)
    provider = ChampionProvider(config.name, registry=registry, ledger=ledger, log=log, stored=stored)
    run_server(
        build_app(config, provider, log), host=config.serving.host, port=config.serving.port if port is None else port
    )


class _Desk:
    """Takes a body in, has its rows scored and logged, and hands out the answer."""

    def __init__(self, config: ProjectConfig, provider: Provider, log: OnlineLog | None) -> None:
        self._config = config
        self._provider = provider
        self._log = log

    async def answer(
        self,
        request: Request,
        parse: Callable[[object], Body],
        write: Callable[[Body, Served, Sequence[Answer], Sequence[str | None]], dict[str, Any]],
    ) -> Response:
        began = perf_counter()
        try:
            served = self._served()
            body = self._parse(await request.body(), parse)
            answers = served.scorer.score_rows(body.rows)
            names = self._keep(served, body, answers, (perf_counter() - began) * 1000)
            if self._log is not None:  # what is only tried has not happened
                served.scorer.learn(answers)
        except _Refused as refused:
            return _json(refused.status, refused.body)
        all_bad = all(answer.failures for answer in answers) and len(answers) > 0
        return _json(_UNPROCESSABLE if all_bad else _OK, write(body, served, answers, names))

    def version(self) -> dict[str, Any]:
        served = self._provider.served
        if served is None:
            return {"project": self._config.name, "model_version": None}
        package = served.scorer.package
        manifest = package.manifest
        until = {HISTORY_UNTIL: manifest.facts.get(HISTORY_UNTIL)} if package.history is not None else {}
        return {
            "project": self._config.name,
            "model_version": served.version,
            "created_at": manifest.created_at,
            "kind": manifest.kind.value,
            "target": manifest.target,
            "columns": list(manifest.columns),
            "package_digest": manifest.digest,
            **until,
        }

    def _served(self) -> Served:
        if self._provider.served is None:
            advice = f"run `ml-lifecycle run {self._config.name}` first"
            raise _Refused(_UNAVAILABLE, _error("no version is in production", advice, self._provider.problem))
        return self._provider.served

    def _parse(self, raw: bytes, parse: Callable[[object], Body]) -> Body:
        try:
            body = parse(orjson.loads(raw))
        except orjson.JSONDecodeError as error:
            said = _error("the body is not JSON", "send application/json; NaN is written null", str(error))
            raise _Refused(_BAD_REQUEST, said) from error
        except DataError as error:
            raise _Refused(_BAD_REQUEST, _error(error.what, error.advice, error.got)) from error
        most = self._config.serving.max_rows
        if len(body.rows) > most:
            said = _error("the request has too many rows", f"send at most {most} at once", f"{len(body.rows)} rows")
            raise _Refused(_TOO_LARGE, said)
        return body

    def _keep(self, served: Served, body: Body, answers: Sequence[Answer], took: float) -> Sequence[str | None]:
        if self._log is None:
            return [None] * len(answers)
        try:
            return self._log.keep(served.version, body.rows, answers, latency_ms=took)
        except StateError as error:  # what is not in the log is not answered
            said = _error("the prediction cannot be logged", "ask the operator of this server; try again later", "")
            raise _Refused(_UNAVAILABLE, said) from error


async def _watch(provider: Provider, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        await asyncio.to_thread(provider.refresh)


def _as_predict(body: Body, served: Served, answers: Sequence[Answer], names: Sequence[str | None]) -> dict[str, Any]:
    told = [
        {"errors": _failures(answer)} if answer.output is None else {**answer.output, "prediction_id": name}
        for answer, name in zip(answers, names, strict=True)
    ]
    if body.single:
        return {"model_version": served.version, **told[0]}
    return {"model_version": served.version, "predictions": told}


def _as_invocation(
    _body: Body, served: Served, answers: Sequence[Answer], _names: Sequence[str | None]
) -> dict[str, Any]:
    said: dict[str, Any] = {"predictions": [answer.output for answer in answers]}
    bad = [{"row": row, "errors": _failures(answer)} for row, answer in enumerate(answers) if answer.failures]
    return {**said, "errors": bad, "model_version": served.version} if bad else said


def _failures(answer: Answer) -> list[dict[str, str]]:
    return [{"column": item.column, "check": item.check, "value": item.value} for item in answer.failures]


def _error(what: str, advice: str, got: str) -> dict[str, Any]:
    return {"error": what, "got": got, "what_to_do": advice}


def _json(status: int, body: object) -> Response:
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")
