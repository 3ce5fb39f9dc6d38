"""Post forms with as little work as possible: the load generator shares the cores with what it measures."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from queue import SimpleQueue
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

FORM_FIELDS: Final = {"Content-Type": "application/x-www-form-urlencoded"}
TIMEOUT_SECONDS: Final = 60


class Answer(NamedTuple):
    """The status of an answer, and how long it took."""

    status: int
    milliseconds: float


def post_all(url: str, forms: Sequence[Mapping[str, str]], *, at_once: int) -> list[Answer]:
    """Post the forms to the URL over `at_once` connections, each of which sends the next form when it has its answer.

    The answers are in the order of the forms. Raises OSError or HTTPException if the server cannot be reached.
    """
    target, bodies = urlsplit(url), list(map(urlencode, forms))
    connections = [HTTPConnection(target.netloc, timeout=TIMEOUT_SECONDS) for _ in range(at_once)]
    free: SimpleQueue[HTTPConnection] = SimpleQueue()
    for connection in connections:
        free.put(connection)

    def post(body: str) -> Answer:
        connection = free.get()
        try:
            return exchange(connection, "POST", target.path, body, FORM_FIELDS)
        finally:
            # Also after an error: the other threads wait for a connection.
            free.put(connection)

    try:
        with ThreadPoolExecutor(at_once) as threads:
            return list(threads.map(post, bodies))
    finally:
        for connection in connections:
            connection.close()


def exchange(
    connection: HTTPConnection, method: str, path: str, body: str | None, headers: Mapping[str, str]
) -> Answer:
    """Send one request and read its answer. Raises OSError or HTTPException if there is none."""
    began = time.perf_counter()
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.read()
    return Answer(answer.status, (time.perf_counter() - began) * 1000)
