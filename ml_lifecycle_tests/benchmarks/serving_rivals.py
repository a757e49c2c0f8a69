"""The servers that `serving` starts in processes of their own: ours as a user has it, and FastAPI's echo."""

from __future__ import annotations

import argparse
from pathlib import Path

import orjson
import uvicorn
from fastapi import FastAPI, Request, Response


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=["ours", "echo"])
    parser.add_argument("root", type=Path)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    if chosen.name == "echo":
        uvicorn.run(_echo(), port=chosen.port, log_level="warning", access_log=False)
        return
    _serve_ours(chosen.root, chosen.port)


def _echo() -> FastAPI:
    app = FastAPI()

    @app.post("/predict")
    async def predict(request: Request) -> Response:
        return Response(orjson.dumps(orjson.loads(await request.body())), media_type="application/json")

    @app.get("/ready")
    async def ready() -> dict[str, bool]:
        return {"ready": True}

    return app


def _serve_ours(root: Path, port: int) -> None:
    from ml_lifecycle.release.packaging import load_package
    from ml_lifecycle.serving.app import build_app
    from ml_lifecycle.serving.champion import FixedProvider
    from ml_lifecycle.serving.prediction_log import PredictionLog
    from ml_lifecycle.serving.server import run_server
    from ml_lifecycle_tests.benchmarks.serving import project

    log = PredictionLog(f"sqlite:///{root / 'service.db'}")
    app = build_app(project(root), FixedProvider(load_package(root / "package"), "1"), log)
    run_server(app, host="127.0.0.1", port=port)


if __name__ == "__main__":
    main()
