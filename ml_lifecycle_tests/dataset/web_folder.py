"""A web server on loopback that serves a folder, keeps count, and knows what a client has already."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class WebFolder:
    """What is served, and what was asked.

    Args:
        folder: The files.
        address: Where they are served.
        named: Whether the server names states of a file (ETag).
        failing: How many requests it refuses with 503 before it serves.
        sent: Names of the files that were sent whole.
        headers: The headers of the last request.
    """

    folder: Path
    address: str = ""
    named: bool = True
    failing: int = 0
    sent: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


@contextmanager
def serving(folder: Path) -> Iterator[WebFolder]:
    """Serve a folder on a free port of loopback."""
    web = WebFolder(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.headers = {name.lower(): value for name, value in self.headers.items()}
            path = web.folder / self.path.partition("?")[0].lstrip("/")
            if web.failing:
                web.failing -= 1
                return self._answer(503, b"")
            if not path.is_file():
                return self._answer(404, b"")
            content = path.read_bytes()
            etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
            if web.named and web.headers.get("if-none-match") == etag:
                return self._answer(304, b"")
            web.sent.append(path.name)
            return self._answer(200, content, {"ETag": etag} if web.named else {})

        def _answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    web.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
