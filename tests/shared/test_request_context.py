"""Every answer carries the id of its log lines; an error that nothing has handled shows only that id."""

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from tests.shared.apps import client_for, plain_app
from watchword.errors import Conflict
from watchword.observability.logs import JsonFormatter, request_id

SECRET = "select * from users"


def app_of() -> FastAPI:
    app = plain_app()

    @app.get("/fine")
    async def fine() -> str | None:
        return request_id.get()

    @app.get("/refused")
    async def refused() -> None:
        raise Conflict

    @app.post("/broken")
    async def broken() -> None:
        raise RuntimeError(SECRET)

    @app.get("/broken-midway")
    async def broken_midway() -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"begun"
            raise RuntimeError(SECRET)

        return StreamingResponse(chunks())

    return app


@pytest.fixture(scope="module")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with client_for(app_of()) as http:
        yield http


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log as the process writes it."""
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonFormatter("tested"))
    logger = logging.getLogger("watchword")
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    yield handler.stream
    logger.removeHandler(handler)
    logger.setLevel(level)


def lines(log: io.StringIO, message: str) -> list[dict[str, Any]]:
    everything = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in everything if line["message"].startswith(f"{message}: ")]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/fine", 200),
        ("GET", "/refused", 409),
        ("GET", "/nothing", 404),
        ("GET", "/broken", 405),
        ("POST", "/broken", 500),
    ],
)
async def test_every_answer_carries_the_id_of_its_request(
    http: httpx.AsyncClient, log: io.StringIO, method: str, path: str, status: int
) -> None:
    answer = await http.request(method, path, headers={"X-Request-ID": "this-one"})
    assert answer.status_code == status
    assert answer.headers.get_list("x-request-id") == ["this-one"]
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    [line] = lines(log, "request")
    assert (line["request_id"], line["status"], line["path"]) == ("this-one", status, path)


async def test_the_id_is_there_while_the_request_is_handled(http: httpx.AsyncClient) -> None:
    assert (await http.get("/fine", headers={"X-Request-ID": "this-one"})).json() == "this-one"
    assert request_id.get() is None


@pytest.mark.parametrize("sent", ["a", "A-b_c.9", "0" * 64])
async def test_well_formed_id_is_kept(http: httpx.AsyncClient, sent: str) -> None:
    assert (await http.get("/fine", headers={"X-Request-ID": sent})).headers["x-request-id"] == sent


@pytest.mark.parametrize("sent", [b"", b" ", b"0" * 65, b"a b", b"a\nb", b"a\n", b'{"a":1}', b"a,b", b"\xe9", b"\x00"])
async def test_malformed_id_is_replaced(http: httpx.AsyncClient, sent: bytes) -> None:
    answered_id = (await http.get("/fine", headers={b"X-Request-ID": sent})).headers["x-request-id"]
    assert answered_id.encode("latin-1") != sent
    assert len(answered_id) == 16


async def test_of_two_ids_none_is_taken(http: httpx.AsyncClient) -> None:
    answered_id = (await http.get("/fine", headers=[("X-Request-ID", "one"), ("X-Request-ID", "other")])).json()
    assert len(answered_id) == 16


async def test_requests_without_an_id_get_one_each(http: httpx.AsyncClient) -> None:
    ids = {(await http.get("/fine")).headers["x-request-id"] for _ in range(10)}
    assert len(ids) == 10


async def test_an_unhandled_error_shows_nothing_and_is_logged_whole(http: httpx.AsyncClient, log: io.StringIO) -> None:
    answer = await http.post("/broken")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Something went wrong on our side.",
        "code": "internal_error",
        "request_id": answer.headers["x-request-id"],
    }
    [line] = lines(log, "unhandled error")
    assert (line["level"], line["request_id"]) == ("error", answer.headers["x-request-id"])
    assert f"RuntimeError: {SECRET}" in line["exception"]
    assert "in broken" in line["exception"]


async def test_error_amid_an_answer_cuts_it_off_and_is_logged(http: httpx.AsyncClient, log: io.StringIO) -> None:
    with pytest.raises(RuntimeError, match="users"):
        await http.get("/broken-midway")
    [line] = lines(log, "unhandled error")
    assert f"RuntimeError: {SECRET}" in line["exception"]


async def test_successful_reads_are_logged_for_debugging_only(http: httpx.AsyncClient, log: io.StringIO) -> None:
    await http.get("/fine")
    await http.get("/refused")
    assert [(line["path"], line["level"]) for line in lines(log, "request")] == [
        ("/fine", "debug"),
        ("/refused", "info"),
    ]


async def test_the_log_shows_only_the_beginning_of_a_long_path(http: httpx.AsyncClient, log: io.StringIO) -> None:
    await http.get("/" + "x" * 50_000)
    assert max(map(len, log.getvalue().splitlines())) < 1_000


async def test_query_and_fields_of_a_request_are_not_logged(http: httpx.AsyncClient, log: io.StringIO) -> None:
    fields = {"Authorization": "Bearer secret", "Cookie": "session=secret"}
    await http.get("/refused", params={"token": "secret"}, headers=fields)
    assert "secret" not in log.getvalue()
