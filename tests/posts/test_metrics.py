"""The metrics of the posts service."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest

from posts_service.posts.reading_statements import BY_ID
from tests.posts.people import Person
from tests.shared.key_server import KeyServer, serving
from tests.support import services
from tests.support.databases import Databases
from tests.support.events import receive
from tests.support.metrics import scrape
from tests.support.services import Posts, bearer
from tests.support.waiting import until
from watchword.auth import RemoteKeys, Verifier
from watchword.auth.revocations import FOR_EVER, Kind, Revocation
from watchword.events.security_event import ReceivedEvent
from watchword.events.types import EventType
from watchword.jobs import JobWorker
from watchword.testing import Issuer, StandingClock

VERIFICATIONS = "watchword_token_verifications_total"
OBEDIENCE = "watchword_logout_to_refusal_seconds"
LAG = "watchword_security_event_lag_seconds"


@pytest.fixture
async def key_server(issuer: Issuer) -> AsyncIterator[KeyServer]:
    async with serving(issuer) as server:
        yield server


async def test_tokens_are_counted_by_what_became_of_them(posts: Posts, ada: Person) -> None:
    forged = Issuer(audience=ada.issuer.audience)
    forged.rotate("the forger's")
    bad = {
        "expired": ada.bearer(expires_in=-60),
        "not_yet_valid": ada.bearer(claims={"iat": 32_503_680_000, "exp": 32_503_680_600}),
        "audience": ada.bearer(claims={"aud": "http://other.example"}),
        "issuer": ada.bearer(claims={"iss": "http://other.example"}),
        "type": ada.bearer(header={"typ": "rt+jwt"}),
        "algorithm": ada.bearer(header={"alg": "HS256"}),
        "signature": Person(forged, "ada").bearer(header={"kid": ada.issuer.kid}),
        "unknown_key": Person(forged, "ada").bearer(),
        "claims": ada.bearer(claims={"sub": 1}),
        "too_long_lived": ada.bearer(expires_in=86_400),
        "malformed": bearer("a.b"),
    }
    for headers in bad.values():
        assert (await posts.http.get("/posts", headers=headers)).status_code == 401
    for _ in range(3):
        assert (await posts.http.get("/posts", headers=ada.headers)).status_code == 200
    posts.parts.receiver.revocations.add(Revocation(Kind.DISABLED, ada.id, FOR_EVER, FOR_EVER), 0)
    assert (await posts.http.get("/posts", headers=ada.headers)).status_code == 401
    metrics = await scrape(posts.http)
    expected = {
        **dict.fromkeys(bad, 1),
        "accepted": 1,
        "remembered": 2,
        "revoked": 1,
        "key_not_fetched": 0,
        "keys_unavailable": 0,
    }
    outcomes = metrics.values("outcome", VERIFICATIONS)
    assert {outcome: metrics(VERIFICATIONS, outcome=outcome) for outcome in outcomes} == expected
    assert metrics("watchword_revocations_held") == 1


async def test_age_of_the_keys_and_fetches_that_failed_are_shown(
    databases: Databases, issuer: Issuer, key_server: KeyServer
) -> None:
    keys = RemoteKeys(key_server.url, cooldown=0)
    verifier = Verifier(issuer=issuer.url, audience=issuer.audience, keys=keys)
    async with services.posts(databases, verifier) as posts:
        await until(lambda: keys.fetches["ok"] == 1)
        key_server.err(status="500 Internal Server Error")
        unknown = issuer.bearer(header={"kid": "another"})
        assert (await posts.http.get("/posts", headers=unknown)).status_code == 503
        metrics = await scrape(posts.http)
        outcomes = [metrics("watchword_jwks_fetches_total", outcome=outcome) for outcome in ("ok", "failed")]
        assert outcomes[0] == 1
        assert outcomes[1] >= 1
        assert metrics(VERIFICATIONS, outcome="keys_unavailable") == 1
        before = keys.age()
        assert 0 < metrics("watchword_jwks_age_seconds") < before
        key_server.recover()
        assert (await posts.http.get("/posts", headers=unknown)).status_code == 401
        assert (keys.fetches["ok"], keys.age() < before) == (2, True)


async def test_lag_of_an_event_is_what_lies_between_it_and_its_effect(
    posts_at: Posts, clock: StandingClock, ada: Person
) -> None:
    at = clock.now()
    clock.advance(seconds=7)
    ended = ReceivedEvent(uuid4().hex, EventType.SESSION_REVOKED, ada.id, None, {}, at)
    for _ in range(2):
        await receive(posts_at.parts.receiver, ended)
    metrics = await scrape(posts_at.http)
    assert (metrics(f"{LAG}_count"), metrics(f"{LAG}_sum")) == (1, 7)
    assert (metrics(f"{LAG}_bucket", le="5.0"), metrics(f"{LAG}_bucket", le="10.0")) == (0, 1)


@pytest.mark.parametrize(("runs", "minutes"), [(10, 11), (30, 16)], ids=["before the start", "with no token left"])
async def test_replay_of_what_was_obeyed_before_is_not_measured(
    posts_at: Posts, clock: StandingClock, ada: Person, runs: int, minutes: int
) -> None:
    clock.advance(minutes=runs)
    at = clock.now() - timedelta(minutes=minutes)
    ended = ReceivedEvent(uuid4().hex, EventType.SESSION_REVOKED, ada.id, "s", {"happened_at": at.timestamp()}, at)
    await receive(posts_at.parts.receiver, ended)
    await until(lambda: len(posts_at.parts.receiver.revocations) == 1)
    metrics = await scrape(posts_at.http)
    assert metrics(f"{LAG}_count") == 0
    assert metrics(f"{OBEDIENCE}_count", service="posts", worker=str(os.getpid())) == 0


async def test_time_from_logout_to_refusal_is_recorded_once_by_each_process(
    databases: Databases, issuer: Issuer, posts: Posts, ada: Person
) -> None:
    worker = {"service": "posts", "worker": str(os.getpid())}

    async def recorded(service: Posts) -> float:
        return (await scrape(service.http))(f"{OBEDIENCE}_count", **worker)

    async with services.posts(databases, issuer.verifier(services.POSTS_URL)) as other:
        happened_at = posts.parts.clock.now().timestamp()
        await until(lambda: posts.parts.clock.now().timestamp() - happened_at > 0.75)
        for _ in range(2):
            claims = {"happened_at": happened_at}
            ended = ReceivedEvent(uuid4().hex, EventType.SESSION_REVOKED, ada.id, "s", claims, posts.parts.clock.now())
            await receive(posts.parts.receiver, ended)
            # What is refused already and comes again is not measured again.
            for service in (posts, other):

                async def is_recorded(service: Posts = service) -> bool:
                    return await recorded(service) == 1

                await until(is_recorded)
        metrics = await scrape(other.http)
    assert metrics(f"{OBEDIENCE}_bucket", le="0.5", **worker) == 0
    assert metrics(f"{OBEDIENCE}_sum", **worker) > 0.75
    assert metrics("watchword_last_refusal_age_seconds") >= 0


async def test_event_without_a_time_of_its_own_is_not_measured(posts: Posts, ada: Person) -> None:
    for happened_at in (None, "yesterday", True, -1, 1e300, float("nan")):
        claims = {"happened_at": happened_at}
        ended = ReceivedEvent(
            uuid4().hex, EventType.SESSION_REVOKED, ada.id, uuid4().hex, claims, posts.parts.clock.now()
        )
        await receive(posts.parts.receiver, ended)
    await until(lambda: len(posts.parts.receiver.revocations) == 6)
    worker = {"service": "posts", "worker": str(os.getpid())}
    assert (await scrape(posts.http))(f"{OBEDIENCE}_count", **worker) == 0


async def test_effects_that_have_not_happened_are_shown(databases: Databases, posts: Posts, ada: Person) -> None:
    await databases.execute("posts_owner", "REVOKE DELETE ON posts.posts FROM posts_app")
    try:
        await posts.publish(ada.headers)
        purged = ReceivedEvent(uuid4().hex, EventType.ACCOUNT_PURGED, ada.id, None, {}, posts.parts.clock.now())
        receiving = asyncio.create_task(receive(posts.parts.receiver, purged))

        async def is_pending() -> bool:
            metrics = await scrape(posts.http)
            failures = metrics("watchword_effect_failures_total", type=EventType.ACCOUNT_PURGED)
            return failures > 0 and metrics("watchword_pending_effects") == 1

        await until(is_pending)
        assert (await scrape(posts.http))("watchword_pending_effects_oldest_seconds") > 0
        assert (await posts.http.get("/posts", headers=ada.headers)).status_code == 401
    finally:
        await databases.execute("posts_owner", "GRANT DELETE ON posts.posts TO posts_app")
    await receiving

    async def is_over() -> bool:
        return (await scrape(posts.http))("watchword_pending_effects") == 0

    await until(is_over)
    assert (await posts.http.get("/posts")).json()["items"] == []


@pytest.fixture
def without_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker, which looks for jobs at times that no test knows, uses no connection."""

    async def wait(_: JobWorker) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(JobWorker, "run", wait)


@pytest.mark.usefixtures("without_worker")
async def test_connections_are_shown_and_those_who_wait(databases: Databases, issuer: Issuer) -> None:
    async with services.posts(databases, issuer.verifier(), database_pool_size=1) as posts:
        database = posts.parts.database

        async def begin() -> None:
            async with database.begin() as db:
                await db.connection()

        held = await database.reads._acquire()
        reading = asyncio.create_task(database.reads.fetch_row(BY_ID, post_id=uuid4(), reader_id=None))
        await until(lambda: database.reads.use().waiting == 1)
        async with database.begin() as db:
            await db.connection()
            beginning = asyncio.create_task(begin())
            await until(lambda: database.pools()["transactions"].waiting > 0)
            metrics = await scrape(posts.http)
        database.reads._release(held)
        await asyncio.gather(reading, beginning)
        name = "watchword_database_connections"
        assert [metrics(f"{name}_{figure}", pool="reads") for figure in ("size", "in_use", "waiting")] == [1, 1, 1]
        assert [metrics(f"{name}_{figure}", pool="transactions") for figure in ("size", "in_use")] == [1, 1]
        assert [metrics(f"{name}_{figure}", pool="writes") for figure in ("size", "in_use", "waiting")] == [1, 0, 0]
        # The receiver deletes what has expired, and may wait too.
        assert metrics(f"{name}_waiting", pool="transactions") in (1, 2)
        calm = await scrape(posts.http)
        assert [calm(f"{name}_{figure}", pool="reads") for figure in ("in_use", "waiting")] == [0, 0]
