"""The scoring server: which paths there are, and what stands behind them.

    POST /predict       a row, a list of rows, or {"rows": [...]}           `protocols/rows`
    POST /invocations   MLflow's scoring protocol, JSON and CSV             `protocols/rows`
    /v2/...             the Open Inference Protocol                         `protocols/inference`
    POST /explain       what each feature adds to a prediction              `explain`
    POST /feedback      outcomes by prediction id or row key                `feedback`
    GET  /health/live, /health/ready, /ping, /version, /metrics             `about`
    GET  /monitor       the monitoring page, where somebody draws it        `monitor_page`

Bodies are read by orjson and rows by the project's own schema: a second model of each row would cost more than scoring.
All requests pass `front`; `paths` lists what stands behind which path. Starting the server lives in `server`, several
of them beside each other in `workers`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.serving.about import About
from ml_lifecycle.serving.champion import Provider
from ml_lifecycle.serving.desk import Desk
from ml_lifecycle.serving.docs import add_docs
from ml_lifecycle.serving.front import Front, Ways
from ml_lifecycle.serving.group_commit import GroupCommit
from ml_lifecycle.serving.heartbeats import Heart, Heartbeats
from ml_lifecycle.serving.keys import KeyRing, Keys
from ml_lifecycle.serving.limits import Limits
from ml_lifecycle.serving.metrics import Metrics
from ml_lifecycle.serving.monitor_page import PageSource
from ml_lifecycle.serving.online_log import OnlineLog
from ml_lifecycle.serving.openapi import write_document
from ml_lifecycle.serving.paths import list_ways, monitor_ways
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle.serving.server import run_server

if TYPE_CHECKING:
    from ml_lifecycle.release.ledger import Ledger
    from ml_lifecycle.release.registry import Registry

_REFRESH_SECONDS: Final = 1.0


def build_app(
    config: ProjectConfig,
    provider: Provider,
    log: PredictionLog | None,
    *,
    keys: Keys | None = None,
    refresh_seconds: float = _REFRESH_SECONDS,
    counts: Path | None = None,
    heart: Heart | None = None,
    monitor: PageSource | None = None,
) -> FastAPI:
    """Make the server's application.

    Args:
        config: The project.
        provider: Which version answers.
        log: Where predictions are kept before they are answered; None keeps none.
        keys: Which keys open it; None asks for none, which is for loopback only.
        refresh_seconds: How often the provider is asked whether there is a new champion, and which keys are valid.
        counts: A folder in which the workers of one server tell each other what they have counted.
        heart: Says that this worker is there; None says nothing.
        monitor: Who draws the monitoring page; None has no such page.
    """
    parts = _Parts.build(config, provider, log, keys=keys, counts=counts, heart=heart)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(parts.refresh)
        watcher = asyncio.create_task(_watch(parts, refresh_seconds))
        yield
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher
        await parts.desk.close()
        if heart is not None:
            await asyncio.to_thread(heart.stop)

    about = About(config.name, provider, parts.metrics, parts.commit)
    ways = Ways([*list_ways(config.name, parts.desk, parts.limits, about, log), *monitor_ways(monitor)])
    title = f"{config.name}: {config.brief.problem}"
    app = _Application(ways, parts, title=title, lifespan=lifespan, docs_url=None, redoc_url=None)
    add_docs(app)

    def document() -> dict[str, Any]:
        served = provider.served
        package = None if served is None else served.scorer.package
        known = {"name": [config.name], "version": [] if served is None else [served.version]}
        return write_document(app.title, ways.all, package, known=known, keys=keys is not None)

    app.openapi = document  # type: ignore[method-assign] # FastAPI's own way of another document
    return app


def serve(
    config: ProjectConfig,
    *,
    registry: Registry,
    ledger: Ledger,
    log: PredictionLog,
    port: int | None = None,
    host: str | None = None,
    keys: Keys | None = None,
) -> None:
    """Serve the champion of a project over HTTP until the process is told to end.

    Args:
        config: The project; its serving section says where.
        registry: Where packages come from.
        ledger: Who is champion.
        log: Where predictions are kept, unless the YAML says that none are.
        port: Another port than that of the YAML.
        host: Another address than that of the YAML.
        keys: Which keys open it; needed where the YAML asks for keys.

    Raises:
        StateError: The address cannot be used, or keys are asked for and not given.
    """
    app = build_served_app(config, registry=registry, ledger=ledger, log=log, keys=keys)
    run_server(
        app,
        host=config.serving.host if host is None else host,
        port=config.serving.port if port is None else port,
        drain_seconds=config.serving.timeout_seconds,
    )


def build_served_app(
    config: ProjectConfig,
    *,
    registry: Registry,
    ledger: Ledger,
    log: PredictionLog,
    keys: Keys | None = None,
    counts: Path | None = None,
    monitor: PageSource | None = None,
) -> FastAPI:
    """Make the application that serves the champion; arguments are those of `serve` and `build_app`.

    Raises:
        StateError: The YAML asks for keys and there is no place to look them up.
    """
    from ml_lifecycle.errors import StateError
    from ml_lifecycle.serving.champion import ChampionProvider
    from ml_lifecycle.serving.stored_features import StoredFeatures

    asked = config.serving.auth == "api_key"
    if asked and keys is None:
        raise StateError(
            "the scoring server cannot look up keys",
            expected="the place where keys are kept, as serving.auth is api_key",
            got="none",
            advice="give `keys`, or start it by `ml-lifecycle serve`",
        )
    stored = StoredFeatures.open(config)
    provider = ChampionProvider(config.name, registry=registry, ledger=ledger, log=log, stored=stored)
    kept = log if config.serving.log else None
    heart = Heart(Heartbeats(ledger.url), config.name)
    return build_app(config, provider, kept, keys=keys if asked else None, counts=counts, heart=heart, monitor=monitor)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a server consists of."""

    config: ProjectConfig
    provider: Provider
    desk: Desk
    limits: Limits
    metrics: Metrics
    commit: GroupCommit | None
    ring: KeyRing | None
    heart: Heart | None

    @classmethod
    def build(
        cls,
        config: ProjectConfig,
        provider: Provider,
        log: PredictionLog | None,
        *,
        keys: Keys | None,
        counts: Path | None,
        heart: Heart | None,
    ) -> _Parts:
        metrics = Metrics(config.name, counts)
        commit = None if log is None else GroupCommit(log)
        kept = None if log is None else OnlineLog(config)
        desk = Desk(config, provider, kept=kept, commit=commit, metrics=metrics)
        ring = None if keys is None else KeyRing(keys, config.name)
        return cls(config, provider, desk, Limits.of(config.serving), metrics, commit, ring, heart)

    def refresh(self) -> None:
        """Look whether there is another champion or another key."""
        self.provider.refresh()
        if self.ring is not None:
            self.ring.refresh()
        self.metrics.share()
        if self.heart is not None:
            served = self.provider.served
            self.heart.beat("" if served is None else served.version)


class _Application(FastAPI):
    """FastAPI behind our door: requests for scoring do not pass its layers, which would cost a quarter more."""

    def __init__(self, ways: Ways, parts: _Parts, **settings: Any) -> None:
        super().__init__(**settings)
        self._front = Front(super().__call__, ways, parts.limits, parts.metrics, parts.ring)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI has them
        await self._front(scope, receive, send)


async def _watch(parts: _Parts, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        await asyncio.to_thread(parts.refresh)
