"""deploy/healthcheck.py, run as in a container: by the standard library alone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.support.ports import held_port

SCRIPT = Path(__file__).parents[2] / "deploy" / "healthcheck.py"
INJECTED = "tcp://10.96.0.7:8001"


@contextmanager
def service(status: int) -> Iterator[int]:
    """A service whose /readyz has this status, and its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def check(**environment: str) -> tuple[int, str]:
    """The exit status, and what is written to standard error."""
    others = {name: value for name, value in os.environ.items() if name not in ("IDENTITY_PORT", "POSTS_PORT")}
    run = [sys.executable, "-IS", str(SCRIPT)]
    process = subprocess.run(run, env=others | environment, capture_output=True, text=True, timeout=60)
    return process.returncode, process.stderr


@pytest.mark.parametrize(("status", "expected"), [(200, 0), (503, 1)])
def test_a_container_is_as_healthy_as_its_service_is_ready(status: int, expected: int) -> None:
    with service(status) as port, held_port() as closed:
        assert check(IDENTITY_PORT=str(closed), POSTS_PORT=f" {port} ") == (expected, "")


def test_no_service_is_unhealthy() -> None:
    with held_port() as closed, held_port() as other:
        assert check(IDENTITY_PORT=str(closed), POSTS_PORT=str(other)) == (1, "")


def test_a_port_that_was_injected_for_another_container_is_ignored() -> None:
    with service(200) as port:
        assert check(IDENTITY_PORT=INJECTED, POSTS_PORT=str(port)) == (0, "")
        assert check(IDENTITY_PORT=str(port), POSTS_PORT=INJECTED) == (0, "")
