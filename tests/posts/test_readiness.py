"""/readyz: a service that starts waits for its issuer's keys and events, for a bounded time; later silence is shown."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse

from posts_service.app import create_app
from posts_service.parts import Parts, assemble
from posts_service.settings import Settings
from tests.posts.people import Person
from tests.shared.ssf import Transmitter, transmitting
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import POSTS_URL, SEALING_KEY, Posts
from tests.support.waiting import until
from watchword.auth import RemoteKeys, Revocations, Verifier
from watchword.errors import Unavailable
from watchword.service import readiness
from watchword.service.readiness import checks_of
from watchword.testing import Issuer


@pytest.fixture
async def transmitter(databases: Databases) -> AsyncIterator[Transmitter]:
    """An issuer with keys and events, whose tokens are meant for posts."""
    await databases.empty("posts")
    async with transmitting(path="") as transmitter:
        transmitter.issuer.audience = POSTS_URL
        yield transmitter


@pytest.fixture
def author(transmitter: Transmitter) -> Person:
    return Person(transmitter.issuer, "ada")


@asynccontextmanager
async def posts_of(databases: Databases, transmitter: Transmitter) -> AsyncIterator[Posts]:
    """The service, with keys that it fetches."""
    issuer = transmitter.issuer.url
    verifier = Verifier(issuer=issuer, audience=POSTS_URL, keys=RemoteKeys(f"{issuer}/certs"))
    async with services.posts(databases, verifier) as posts:
        yield posts


async def checks(http: httpx.AsyncClient) -> tuple[int, dict[str, Any]]:
    answer = await http.get("/readyz")
    return answer.status_code, answer.json()["checks"]


async def test_a_service_that_starts_without_its_issuer_is_not_ready_until_it_is_there(
    databases: Databases, transmitter: Transmitter, author: Person
) -> None:
    await transmitter.stop()
    async with posts_of(databases, transmitter) as posts:
        status, shown = await checks(posts.http)
        assert (status, shown["keys"], shown["security_events"]) == (503, "keys_unavailable", "no_contact_yet")
        assert shown["database"].isdigit()
        assert (await posts.http.get("/readyz")).headers["Retry-After"] == "1"
        await transmitter.start()

        async def is_ready() -> bool:
            return (await checks(posts.http))[0] == 200

        await until(is_ready)
        # The first guarded call after the service said that it is ready.
        await posts.publish(author.headers)


async def test_a_service_reaches_its_issuer_at_the_other_address_for_keys_and_for_events(
    databases: Databases, transmitter: Transmitter
) -> None:
    address, transmitter.issuer.url = transmitter.issuer.url, "https://identity.example"
    jwks_url = f"{transmitter.issuer.url}/certs"
    app = create_app(parts_with(databases, transmitter, issuer_address=address, jwks_url=jwks_url))
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url=POSTS_URL) as http:

        async def is_ready() -> bool:
            return (await checks(http))[0] == 200

        await until(is_ready)


async def test_keys_alone_do_not_make_a_service_ready(databases: Databases, transmitter: Transmitter) -> None:
    transmitter.trouble["poll"] = JSONResponse({}, 500)
    async with posts_of(databases, transmitter) as posts:
        await until(lambda: transmitter.calls["poll"] > 0)
        status, shown = await checks(posts.http)
        assert (status, shown["security_events"]) == (503, "no_contact_yet")
        assert shown["keys"]["available"] is True
        transmitter.trouble.clear()

        async def is_ready() -> bool:
            return (await checks(posts.http))[0] == 200

        await until(is_ready)


@pytest.mark.parametrize(("minutes", "status"), [(60, 503), (0, 200)])
async def test_contact_of_another_process_makes_a_service_ready_unless_it_is_old(
    databases: Databases, transmitter: Transmitter, minutes: int, status: int
) -> None:
    contact = "INSERT INTO posts.transmitter_contact VALUES ($1, now() - make_interval(mins => $2))"
    await databases.execute("posts_app", contact, transmitter.issuer.url, minutes)
    transmitter.trouble["poll"] = JSONResponse({}, 500)
    async with posts_of(databases, transmitter) as posts:
        await until(lambda: transmitter.calls["poll"] > 0)
        assert (await checks(posts.http))[0] == status


async def test_events_alone_do_not_make_a_service_ready(databases: Databases, transmitter: Transmitter) -> None:
    transmitter.trouble["certs"] = JSONResponse({}, 500)
    async with posts_of(databases, transmitter) as posts:
        await until(lambda: posts.parts.receiver.last_contact_at is not None)
        status, shown = await checks(posts.http)
        assert (status, shown["keys"]) == (503, "keys_unavailable")
        assert shown["security_events"]["silent"] is False


async def test_a_service_does_not_wait_for_its_issuer_for_ever(
    databases: Databases, transmitter: Transmitter, author: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "START_SECONDS", 1.0)
    await transmitter.stop()
    async with posts_of(databases, transmitter) as posts:

        async def is_ready() -> bool:
            return (await checks(posts.http))[0] == 200

        await until(is_ready)
        _, shown = await checks(posts.http)
        assert shown["keys"]["available"] is False
        assert (await posts.http.get("/posts")).status_code == 200
        assert (await posts.http.get("/posts", headers=author.headers)).status_code == 503


async def test_silence_after_the_start_leaves_the_service_ready(
    databases: Databases, transmitter: Transmitter, author: Person
) -> None:
    async with posts_of(databases, transmitter) as posts:

        async def is_ready() -> bool:
            return (await checks(posts.http))[0] == 200

        await until(is_ready)
        await transmitter.stop()
        status, shown = await checks(posts.http)
        assert (status, shown["keys"]["available"]) == (200, True)
        await posts.publish(author.headers)


async def test_a_service_that_was_not_started_is_never_ready(
    databases: Databases, transmitter: Transmitter, author: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "START_SECONDS", 0.0)
    async with unstarted_posts(databases, transmitter) as http:
        status, shown = await checks(http)
        assert (status, shown["keys"], shown["security_events"]) == (503, "not_started", "not_started")
        for headers in ({}, author.headers):
            answer = await http.get("/posts", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (503, "not_started")


def parts_with(databases: Databases, transmitter: Transmitter, **more: Any) -> Parts:
    """The parts of the service, with keys that it fetches."""
    values: dict[str, Any] = {
        "database_url": databases.url("posts_app"),
        "issuer": transmitter.issuer.url,
        "audience": POSTS_URL,
        "client_secret": "secret-of-the-posts-client",
        "pages_sealing_key": SEALING_KEY,
        **more,
    }
    return assemble(Settings(**values))


@asynccontextmanager
async def unstarted_posts(databases: Databases, transmitter: Transmitter) -> AsyncIterator[httpx.AsyncClient]:
    """The service as it is if it is mounted under another app, or served with `--lifespan off`."""
    parts = parts_with(databases, transmitter)
    transport = httpx.ASGITransport(create_app(parts))
    async with httpx.AsyncClient(transport=transport, base_url=POSTS_URL) as http:
        try:
            yield http
        finally:
            await parts.database.close()


class RefusedReceiver:
    """A receiver whose client the issuer refuses, or did."""

    def __init__(self) -> None:
        self.refusal_reason: str | None = "the issuer refuses the client"
        self.revocations = Revocations(900)
        self.last_contact_at = datetime.now(UTC)

    def silent_for(self) -> float:
        return 0.0

    def is_silent(self) -> bool:
        return False

    def ensure_in_contact(self, is_write: bool) -> None: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


async def test_a_service_whose_client_is_refused_is_not_ready_however_long_it_runs(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "START_SECONDS", 0.0)
    receiver = RefusedReceiver()
    verifier = issuer.verifier(revocations=receiver)
    check = checks_of(verifier)["security_events"]
    async with verifier.revocations_runner.run():
        with pytest.raises(Unavailable) as refusal:
            await check()
        assert (refusal.value.code, refusal.value.reason) == ("client_refused", receiver.refusal_reason)
        receiver.refusal_reason = None
        assert await check() == {"silent": False, "seconds": 0.0}
