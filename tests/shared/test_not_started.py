"""What has to be started and was not makes guards answer 503, and the log says why once: never 200, and never 500."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, WebSocket
from starlette.types import Message

from tests.shared.apps import client_for
from tests.shared.key_server import KeyServer
from tests.shared.receivers import receiving
from tests.shared.ssf import Transmitter
from tests.support.databases import Databases
from watchword.auth import (
    Principal,
    RemoteKeys,
    UnguardedOperation,
    Verifier,
    guards,
    optional,
    protect,
    public,
    requires,
    signed_in,
)
from watchword.errors import Unavailable
from watchword.http import problems
from watchword.lines import Seldom
from watchword.testing import Issuer

NOTES = "/notes"


def notes(verifier: Verifier | None) -> FastAPI:
    app = FastAPI(title="Notes", openapi_url=None)

    @app.get(NOTES)
    async def read_notes(reader: Annotated[Principal, Depends(requires("notes:read"))]) -> str:
        return reader.subject

    @app.get("/card")
    async def read_card(reader: Annotated[Principal | None, Depends(optional)]) -> str:
        return "" if reader is None else reader.subject

    @app.get("/")
    @public
    async def greet() -> str:
        return "hello"

    if verifier is not None:
        protect(app, verifier)
    return app


def parent_of(app: FastAPI, issuer: Issuer) -> FastAPI:
    """An app that has this one mounted at /sub, and does not start it."""
    parent = FastAPI(title="Parent", openapi_url=None)
    parent.get("/own", dependencies=[Depends(signed_in)])(lambda: "own")
    parent.mount("/sub", public(app))
    protect(parent, issuer.verifier())
    return parent


def with_remote_keys(key_server: KeyServer, issuer: Issuer) -> Verifier:
    return Verifier(issuer=issuer.url, audience=issuer.audience, keys=RemoteKeys(key_server.url))


@pytest.fixture
def verifier(key_server: KeyServer, issuer: Issuer) -> Verifier:
    return with_remote_keys(key_server, issuer)


@asynccontextmanager
async def unstarted(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app whose lifespan is never entered, as with `uvicorn --lifespan off`."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service.example") as http:
        yield http


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "watchword.configuration" and record.levelno == logging.ERROR
    ]


async def test_guards_of_an_app_without_its_lifespan_answer_503_and_the_log_says_why_once(
    verifier: Verifier, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    token = issuer.bearer(scope="notes:read")
    async with unstarted(notes(verifier)) as http:
        answers = [await http.get(path, headers=headers) for path in (NOTES, "/card") for headers in (token, {})]
        assert (await http.get("/")).status_code == 200
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(503, "not_started")}
    assert all("retry-after" in answer.headers for answer in answers)
    [line] = errors(caplog)
    assert "lifespan" in line
    assert "keys" in line


async def test_guards_of_a_mounted_app_answer_503_until_the_outer_app_starts_it(
    verifier: Verifier, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    service = notes(verifier)
    token = issuer.bearer(scope="notes:read")
    async with client_for(parent_of(service, issuer)) as http:
        assert (await http.get("/sub/notes", headers=token)).status_code == 503
        assert (await http.get("/own", headers=token)).status_code == 200
        async with service.router.lifespan_context(service):
            assert (await http.get("/sub/notes", headers=token)).status_code == 200
        assert (await http.get("/sub/notes", headers=token)).status_code == 503
    assert len(errors(caplog)) == 1


async def test_guards_answer_503_once_the_app_has_stopped(verifier: Verifier, issuer: Issuer) -> None:
    app = notes(verifier)
    token = issuer.bearer(scope="notes:read")
    async with client_for(app) as http:
        assert (await http.get(NOTES, headers=token)).status_code == 200
    async with unstarted(app) as http:
        assert (await http.get(NOTES, headers=token)).status_code == 503


async def test_two_apps_may_share_a_verifier_that_the_outer_one_starts(
    key_server: KeyServer, verifier: Verifier, issuer: Issuer
) -> None:
    outer, inner = notes(verifier), notes(verifier)
    token = issuer.bearer(scope="notes:read")
    async with client_for(outer) as one:
        async with client_for(inner) as other:
            assert (await other.get(NOTES, headers=token)).status_code == 200
        assert (await one.get(NOTES, headers=token)).status_code == 200
    assert key_server.requests == 1


async def test_guards_of_an_app_answer_503_once_the_app_that_started_its_keys_has_stopped(
    verifier: Verifier, issuer: Issuer
) -> None:
    first, second = notes(verifier), notes(verifier)
    token = issuer.bearer(scope="notes:read")
    async with client_for(first):
        running = client_for(second)
        other = await running.__aenter__()
        assert (await other.get(NOTES, headers=token)).status_code == 200
    assert (await other.get(NOTES, headers=token)).status_code == 503
    await running.__aexit__(None, None, None)


async def test_two_verifiers_may_share_keys_that_the_outer_app_starts(key_server: KeyServer, issuer: Issuer) -> None:
    keys = RemoteKeys(key_server.url)
    outer, inner = (notes(Verifier(issuer=issuer.url, audience=issuer.audience, keys=keys)) for _ in range(2))
    token = issuer.bearer(scope="notes:read")
    before = asyncio.all_tasks()
    async with client_for(outer) as one:
        async with client_for(inner) as other:
            assert (await other.get(NOTES, headers=token)).status_code == 200
        assert (await one.get(NOTES, headers=token)).status_code == 200
        assert len(asyncio.all_tasks() - before) == 1
    assert asyncio.all_tasks() <= before
    async with unstarted(inner) as other:
        assert (await other.get(NOTES, headers=token)).status_code == 503


async def test_an_unguarded_operation_that_the_lifespan_adds_keeps_the_app_from_starting(issuer: Issuer) -> None:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.get("/late")(lambda: "everything")
        yield

    app = FastAPI(openapi_url=None, lifespan=lifespan)
    app.get(NOTES, dependencies=[Depends(signed_in)])(lambda: "notes")
    protect(app, issuer.verifier())
    with pytest.raises(UnguardedOperation, match="GET /late"):
        async with app.router.lifespan_context(app):
            pass


async def test_verifier_of_the_tests_needs_no_start(issuer: Issuer) -> None:
    async with unstarted(notes(issuer.verifier())) as http:
        assert (await http.get(NOTES, headers=issuer.bearer(scope="notes:read"))).status_code == 200
        assert (await http.get(NOTES)).status_code == 401


async def test_a_verifier_that_takes_the_place_of_another_after_the_start_is_not_started(
    key_server: KeyServer, verifier: Verifier, issuer: Issuer
) -> None:
    app = notes(verifier)
    async with client_for(app) as http:
        app.state.verifier = with_remote_keys(key_server, issuer)
        assert (await http.get(NOTES, headers=issuer.bearer(scope="notes:read"))).status_code == 503


@pytest.mark.parametrize("lifespan", [True, False], ids=["started", "not_started"])
async def test_an_unguarded_operation_of_a_mounted_app_is_not_served(
    issuer: Issuer, caplog: pytest.LogCaptureFixture, lifespan: bool
) -> None:
    app = notes(issuer.verifier())
    app.get("/forgotten")(lambda: "everything")
    parent = parent_of(app, issuer)
    async with client_for(parent) if lifespan else unstarted(parent) as http:
        for path in ("/sub/forgotten", "/sub/notes", "/sub/", "/sub/forgotten"):
            answer = await http.get(path, headers=issuer.bearer(scope="notes:read"))
            assert (answer.status_code, answer.json()["code"]) == (503, "not_started")
            assert "forgotten" not in answer.text
    [line] = errors(caplog)
    assert "GET /forgotten" in line


@pytest.mark.parametrize(
    ("extensions", "refusals"),
    [
        ({}, [("websocket.close", None)]),
        (
            {"websocket.http.response": {}},
            [("websocket.http.response.start", 503), ("websocket.http.response.body", None)],
        ),
    ],
)
async def test_a_websocket_of_an_app_with_an_undecided_operation_is_refused(
    issuer: Issuer, extensions: dict[str, Any], refusals: list[tuple[str, int | None]]
) -> None:
    app = notes(issuer.verifier())
    sent: list[Message] = []

    @app.websocket("/forgotten")
    async def forgotten(socket: WebSocket) -> None:
        await socket.accept()

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/forgotten", "query_string": b"", "headers": [], "subprotocols": []}
    await app({**scope, "extensions": extensions}, receive, send)
    assert [(message["type"], message.get("status")) for message in sent] == refusals


@pytest.mark.parametrize("prepare", [lambda _: None, problems.install], ids=["bare", "with_problem_documents"])
async def test_a_guard_in_an_app_that_is_not_protected_answers_503_and_the_log_says_why_once(
    issuer: Issuer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    prepare: Callable[[FastAPI], None],
) -> None:
    monkeypatch.setattr(guards, "_seldom", Seldom(guards.logger))
    app = notes(None)
    prepare(app)
    async with client_for(parent_of(app, issuer)) as http:
        for headers in (issuer.bearer(scope="notes:read"), {}):
            assert (await http.get("/sub/notes", headers=headers)).status_code == 503
    [line] = [line for line in errors(caplog) if "'Notes'" in line]
    assert "protect" in line


def test_an_app_cannot_be_protected_twice(issuer: Issuer) -> None:
    app = notes(issuer.verifier())
    with pytest.raises(RuntimeError, match="protected already"):
        protect(app, issuer.verifier())


async def test_a_receiver_that_was_not_started_refuses_every_token(
    databases: Databases, transmitter: Transmitter
) -> None:
    token = transmitter.issuer.mint()
    async with receiving(databases, transmitter, started=False) as receiver:
        verifier = transmitter.issuer.verifier(revocations=receiver)
        with pytest.raises(Unavailable):
            await verifier.verify(token)
        await receiver.start()
        await verifier.verify(token)
        await receiver.stop()
        with pytest.raises(Unavailable):
            await verifier.verify(token)


async def test_guards_answer_503_and_the_log_names_the_receiver_if_only_that_does_not_run(
    databases: Databases, transmitter: Transmitter, caplog: pytest.LogCaptureFixture
) -> None:
    issuer = transmitter.issuer
    async with (
        receiving(databases, transmitter, started=False) as receiver,
        unstarted(notes(issuer.verifier(revocations=receiver))) as http,
    ):
        for headers in (issuer.bearer(scope="notes:read"), {}):
            answer = await http.get(NOTES, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (503, "not_started")
    [line] = errors(caplog)
    assert "the receiver of security events is not running" in line


async def test_a_receiver_that_no_verifier_has_is_named_when_an_app_starts(
    databases: Databases, transmitter: Transmitter, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        receiving(databases, transmitter, started=False) as forgotten,
        receiving(databases, transmitter, started=False) as owned,
    ):
        transmitter.issuer.verifier(revocations=owned)
        async with client_for(notes(issuer.verifier())):
            pass
        assert errors(caplog) == [f"{forgotten!r} was made and never started, so it has no effect; {PASS_IT}"]


PASS_IT = "pass it to the verifier of an app"


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "localhost:8001"},
        {"issuer": ""},
        {"audience": ""},
        {"leeway_seconds": -1},
        {"leeway_seconds": 61},
        {"leeway_seconds": float("nan")},
    ],
)
def test_a_verifier_that_can_never_accept_a_token_is_not_made(issuer: Issuer, wrong: dict[str, object]) -> None:
    usable: dict[str, object] = {"issuer": issuer.url, "audience": issuer.audience}
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Verifier.of(**{**usable, **wrong})  # type: ignore[arg-type]
