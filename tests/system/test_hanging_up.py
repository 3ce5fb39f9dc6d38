"""A client that hangs up in the middle of its request is no error of ours: no 500, no traceback, counted as aborted."""

import socket

import httpx
import pytest

from tests.support.metrics import scrape
from tests.support.stack import Stack
from tests.support.waiting import until

FORM = "application/x-www-form-urlencoded"
REQUESTS = "watchword_http_requests_total"


@pytest.mark.parametrize(
    ("service", "path", "media_type"),
    [
        ("identity", "/oauth/token", FORM),
        ("identity", "/oauth/revoke", FORM),
        ("identity", "/users", "application/json"),
        ("posts", "/posts", "application/json"),
    ],
)
async def test_a_client_that_hangs_up_in_its_body_is_counted_as_aborted(
    running: Stack, http: httpx.AsyncClient, service: str, path: str, media_type: str
) -> None:
    url = running.identity if service == "identity" else running.posts
    labels = {"method": "POST", "route": path}
    before = await scrape(http, f"{url}/metrics")
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {media_type}\r\nContent-Length: 1000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=30) as peer:
        peer.sendall(head.encode() + b'{"username')

    async def is_counted() -> bool:
        now = await scrape(http, f"{url}/metrics")
        return now(REQUESTS, **labels, status="aborted") == before(REQUESTS, **labels, status="aborted") + 1

    await until(is_counted)
    after = await scrape(http, f"{url}/metrics")
    for status in ("400", "422", "500"):
        assert after(REQUESTS, **labels, status=status) == before(REQUESTS, **labels, status=status)
    assert "unhandled error" not in running.log(service)
    assert "Traceback" not in running.log(service)
