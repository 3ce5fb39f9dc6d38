"""The load generator that posts forms."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Lock, Thread
from urllib.parse import parse_qsl

import pytest

from tests.bench.form_load import post_all

AT_ONCE, COUNT = 4, 12
FORMS = [{"username": f"ada{index}", "password": "a password: 100% & more"} for index in range(COUNT)]


class Server(ThreadingHTTPServer):
    """Answers as many requests together as are to be under way at once, every third one with 503."""

    daemon_threads = True

    def __init__(self) -> None:
        self.together, self.lock = Barrier(AT_ONCE), Lock()
        self.bodies: list[dict[str, str]] = []
        self.connections: set[object] = set()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/oauth/token"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        # Nobody is let through until as many are here.
        self.server.together.wait(10)
        with self.server.lock:
            self.server.bodies.append(body)
            self.server.connections.add(self.client_address)
            status = 503 if len(self.server.bodies) % 3 == 0 else 200
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_as_many_requests_as_are_wanted_are_under_way_at_once() -> None:
    with serving() as server:
        answers = post_all(server.url, FORMS, at_once=AT_ONCE)
    assert len(answers) == COUNT
    assert len(server.connections) == AT_ONCE


def test_each_form_is_sent_once() -> None:
    with serving() as server:
        post_all(server.url, FORMS, at_once=AT_ONCE)
    assert sorted(server.bodies, key=str) == sorted(FORMS, key=str)


def test_answers_have_their_status_and_their_time() -> None:
    with serving() as server:
        answers = post_all(server.url, FORMS, at_once=AT_ONCE)
    assert sorted(answer.status for answer in answers) == [200] * 8 + [503] * 4
    assert all(answer.milliseconds > 0 for answer in answers)


def test_a_server_that_answers_nothing_is_an_error() -> None:
    with serving() as server:
        url = server.url
    with pytest.raises(ConnectionRefusedError):
        post_all(url, FORMS, at_once=AT_ONCE)
