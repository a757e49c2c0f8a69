"""A caller that hears what it is told, also before it has said all, and where nobody answers."""

import socket
import threading

from ml_lifecycle.serving.staging_client import Caller
from ml_lifecycle.serving.staging_load import run_load


def test_a_refusal_before_the_body_is_read_is_heard() -> None:
    """The server closes after the headers, while the body is still being sent."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_refuse, args=(server,), daemon=True)
        thread.start()
        with Caller(f"http://127.0.0.1:{server.getsockname()[1]}", seconds=5) as caller:
            assert caller.post("/predict", b"x" * 3_000_000).status == 413
        thread.join(5)


def test_nobody_there_is_no_answer() -> None:
    """Status 0, and a load of which everything has failed."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with Caller(address, seconds=1) as caller:
        assert caller.post("/predict", b"{}").status == 0
    found = run_load(address, [b"{}"], requests=5, connections=2, seconds=5)
    assert (found.failed, found.per_second) == (5, 0)


def test_a_load_ends_in_its_time() -> None:
    """A server that takes connections and says nothing does not hold it up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert run_load(address, [b"{}"], requests=50, connections=2, seconds=0.3).failed == 50


def _refuse(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass
