"""Requests that are sent again and again while something else happens, and what they wait."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from http.client import HTTPConnection
from statistics import median, quantiles
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

import httpx

from identity_service.installation import POSTS_PAGES_CLIENT
from tests.bench.form_load import TIMEOUT_SECONDS, exchange
from tests.support.services import PASSWORD
from tests.support.stack import Stack

PAUSE_SECONDS: Final = 0.01
CHALLENGE: Final = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


class WatchedRequest(NamedTuple):
    """A request, the connection that it is sent on, and the status of its answers."""

    name: str
    connection: HTTPConnection
    path: str
    headers: Mapping[str, str] = {}
    status: HTTPStatus = HTTPStatus.OK


class Waits(NamedTuple):
    """The p50 and the p99 of one request in one round, in milliseconds."""

    p50: float
    p99: float


class Connections(ExitStack):
    """Connections that are closed at the end of the block."""

    def to(self, url: str) -> HTTPConnection:
        connection = HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_SECONDS)
        self.callback(connection.close)
        return connection


def pages(running: Stack, connections: Connections, bearer: Mapping[str, str]) -> list[WatchedRequest]:
    """The pages of a person who signs in, who is signed on at identity, and who has the token of `bearer` for posts."""
    sign_on = _sign_on(running)
    identity, posts = connections.to(running.identity), connections.to(running.posts)
    return [
        WatchedRequest("identity, page `/sign-in`", identity, "/sign-in"),
        WatchedRequest("identity, page `/account`", identity, "/account", sign_on),
        WatchedRequest(
            "identity `/oauth/authorize`, signed on", identity, _authorize(running), sign_on, HTTPStatus.SEE_OTHER
        ),
        WatchedRequest("posts, page `/mine`", posts, "/mine"),
        WatchedRequest("posts, home page", posts, "/"),
        WatchedRequest("posts, own posts as JSON", posts, "/posts?state=draft", bearer),
    ]


def watch(requests: Sequence[WatchedRequest], is_over: Callable[[], bool]) -> dict[str, Waits]:
    """Send the requests in turns, with a pause after each turn, until `is_over` answers True."""
    times: dict[str, list[float]] = {request.name: [] for request in requests}
    while not is_over():
        for request in requests:
            answer = exchange(request.connection, "GET", request.path, None, request.headers)
            assert answer.status == request.status, request.name
            times[request.name].append(answer.milliseconds)
        time.sleep(PAUSE_SECONDS)
    return {name: Waits(median(values), quantiles(values, n=100)[98]) for name, values in times.items()}


def _sign_on(running: Stack) -> dict[str, str]:
    """The cookie of a person who has signed on at identity's page."""
    form, origin = {"login": "ada", "password": PASSWORD}, {"Origin": running.identity}
    answer = httpx.post(f"{running.identity}/sign-in", data=form, headers=origin, timeout=20, trust_env=False)
    assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in answer.cookies.items())}


def _authorize(running: Stack) -> str:
    """The path to which the pages of posts send a browser: each answer has a code of its own."""
    parameters = {
        "client_id": POSTS_PAGES_CLIENT,
        "redirect_uri": f"{running.posts}/auth/callback",
        "response_type": "code",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "state": "state-of-the-pages",
    }
    return f"/oauth/authorize?{urlencode(parameters)}"
