"""`/docs`: the OpenAPI document as a page to try requests on. Its scripts come from this server: many have no web.

The document itself is written by `openapi`; the scripts (Swagger UI) come with the library `fastapi-offline`.
"""

from __future__ import annotations

from importlib.resources import files

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

_SCRIPTS = "/docs/scripts"


def add_docs(app: FastAPI) -> None:
    """Let an application that has no page of its own answer `/docs`."""
    folder = files("fastapi_offline") / "static"
    app.mount(_SCRIPTS, StaticFiles(directory=str(folder)), name="docs-scripts")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url=app.openapi_url or "",
            title=app.title,
            swagger_js_url=f"{_SCRIPTS}/swagger-ui-bundle.js",
            swagger_css_url=f"{_SCRIPTS}/swagger-ui.css",
            swagger_favicon_url=f"{_SCRIPTS}/favicon.png",
        )
