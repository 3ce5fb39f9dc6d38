"""The example `native_app.py`: a person signs it in, refuses it, or is lured into the answer of somebody else."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx
import pytest

from examples.native_app import LoginFailed, NativeApp
from tests.openid.plain_browser import PlainBrowser
from tests.support.stack import Stack
from tests.support.waiting import PATIENCE_SECONDS
from tests.system.examples import EXAMPLES, paste, registration
from watchword.http_client.tls import ssl_context

CLIENT = "desktop"


@pytest.fixture(scope="module")
def issuer(running: Stack) -> str:
    """The issuer, where the command in the README has made the client of the example."""
    paste(registration("A native app").replace("http://localhost:8001", running.identity), running)
    return running.identity


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(verify=ssl_context(), trust_env=False, timeout=PATIENCE_SECONDS) as http:
        yield http


@contextmanager
def program(running: Stack) -> "Iterator[tuple[subprocess.Popen[str], str]]":
    """The running program, and the URL for which it opens the browser, which here prints it."""
    environment = {name: value for name, value in running.environment.items() if name != "PYTHONPATH"}
    command = [sys.executable, str(EXAMPLES / "native_app.py"), running.identity, CLIENT]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env={**environment, "BROWSER": "echo"}, text=True, stdout=pipe, stderr=pipe) as app:
        try:
            assert app.stdout is not None
            printed, opened = app.stdout.readline(), app.stdout.readline()
            assert printed == f"Sign in at {opened}"
            yield app, opened.strip()
        finally:
            app.kill()


def test_a_program_is_signed_in_by_the_browser_or_says_that_the_person_refused(
    running: Stack, issuer: str, browser: PlainBrowser
) -> None:
    browser.entries["choice"] = "deny"
    with program(running) as (denied, url), program(running) as (allowed, other_url):
        browser.visit(url)
        printed, complaint = denied.communicate(timeout=PATIENCE_SECONDS)
        assert (printed, complaint.startswith("You are not signed in: ")) == ("", True), complaint
        browser.entries["choice"] = "allow"
        arrival = browser.visit(other_url)
        assert allowed.communicate(timeout=PATIENCE_SECONDS) == (f"You are signed in as {browser.username}.\n", "")
    assert (denied.returncode, allowed.returncode) == (1, 0)
    assert httpx.URL(arrival).params["iss"] == issuer
    assert browser.paths.count("/consent") == 4


class Thief(httpx.HTTPTransport):
    """Trades each code in with a verifier of its own before the app does; `exchange` is the form that the app sends."""

    def __init__(self) -> None:
        super().__init__(verify=ssl_context())
        self.exchange: dict[str, str] = {}
        self.refusal = ""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.read().decode()).items()}
        if form.get("grant_type") == "authorization_code":
            self.exchange = form
            answer = httpx.post(request.url, data={**form, "code_verifier": "x" * 43}, trust_env=False)
            self.refusal = answer.json()["error"]
        return super().handle_request(request)


def test_a_stolen_code_is_of_no_use_and_ends_the_session_once_it_comes_again(
    issuer: str, browser: PlainBrowser
) -> None:
    thief = Thief()
    with httpx.Client(transport=thief, timeout=PATIENCE_SECONDS) as http:
        app = NativeApp(http, issuer, CLIENT)
        tokens = app.sign_in(browser.visit)
        assert thief.refusal == "invalid_grant"
        assert {"access_token", "refresh_token", "id_token"} <= set(tokens)
        assert app.person(tokens)["preferred_username"] == browser.username
        renewed = app.refresh(tokens)
        assert app.person(renewed) == app.person(tokens)
        replay = httpx.post(f"{issuer}/oauth/token", data=thief.exchange, trust_env=False)
        assert replay.json()["error"] == "invalid_grant"
        with pytest.raises(LoginFailed, match="invalid_grant"):
            app.refresh(renewed)


def test_the_app_gives_its_session_back(issuer: str, browser: PlainBrowser, http: httpx.Client) -> None:
    app = NativeApp(http, issuer, CLIENT)
    tokens = app.sign_in(browser.visit)
    app.sign_out(tokens)
    with pytest.raises(LoginFailed, match="invalid_grant"):
        app.refresh(tokens)


def callback(url: str, path: str = "/callback", **changes: str) -> httpx.Response:
    """What the app answers to a request that somebody else sends to its port while it waits for an answer."""
    parameters = httpx.URL(url).params
    redirect_uri = httpx.URL(parameters["redirect_uri"])
    answer: dict[str, Any] = {"code": "forged", "state": parameters["state"], "iss": redirect_uri.host, **changes}
    return httpx.get(redirect_uri.copy_with(path=path, query=urlencode(answer).encode()), trust_env=False)


def test_requests_without_the_state_of_the_attempt_change_nothing(
    issuer: str, browser: PlainBrowser, http: httpx.Client
) -> None:
    def show(url: str) -> None:
        strangers = [callback(url, state="guessed"), callback(url, state="é"), callback(url, path="/favicon.ico")]
        assert [answer.status_code for answer in strangers] == [404] * 3
        browser.visit(url)

    assert "access_token" in NativeApp(http, issuer, CLIENT).sign_in(show)


def test_an_answer_of_another_issuer_is_refused_before_its_code_is_sent_anywhere(
    issuer: str, http: httpx.Client
) -> None:
    app = NativeApp(http, issuer, CLIENT)
    with pytest.raises(LoginFailed, match="another issuer"):
        app.sign_in(callback)
    with pytest.raises(LoginFailed, match="calls itself"):
        NativeApp(http, issuer.replace("localhost", "127.0.0.1"), CLIENT)
