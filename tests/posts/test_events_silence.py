"""Without contact to the issuer for too long: all goes on, or guarded writes are refused; it is shown either way."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.posts.people import Person
from tests.shared.ssf import Transmitter, transmitting
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Posts
from tests.support.waiting import until
from watchword.testing import StandingClock

SILENCE_SECONDS = 30
REFUSE = {"silence_policy": "refuse_writes", "silence_seconds": SILENCE_SECONDS}
SERVE = {"silence_policy": "serve", "silence_seconds": SILENCE_SECONDS}


@pytest.fixture
async def transmitter(databases: Databases, clock: StandingClock) -> AsyncIterator[Transmitter]:
    await databases.empty("posts")
    async with transmitting(path="") as transmitter:
        transmitter.issuer.clock = clock
        yield transmitter


@pytest.fixture
def author(transmitter: Transmitter) -> Person:
    return Person(transmitter.issuer, "ada")


AGE_CONTACT = "UPDATE posts.transmitter_contact SET heard_at = heard_at - interval '31 seconds'"


async def wait_for_contact(posts: Posts) -> None:
    """Return when there has been contact to the transmitter at the present time."""
    receiver = posts.parts.receiver
    await until(lambda: receiver.last_contact_at is not None and not receiver.is_silent())


async def seconds_of_silence(posts: Posts) -> float:
    """The value of the metric."""
    figures = (await posts.http.get("/metrics")).text
    (value,) = re.findall(r"^watchword_security_events_silence_seconds (.*)$", figures, re.MULTILINE)
    return float(value)


async def write(posts: Posts, author: Person) -> httpx.Response:
    return await posts.http.post("/posts", json={"title": "A title", "body": ""}, headers=author.headers)


async def test_guarded_writes_wait_while_the_transmitter_is_silent_and_reads_do_not(
    databases: Databases, transmitter: Transmitter, author: Person, clock: StandingClock
) -> None:
    async with services.posts(databases, transmitter.issuer.verifier(), clock=clock, **REFUSE) as posts:
        await wait_for_contact(posts)
        post = await posts.publish(author.headers)
        url = f"/posts/{post['id']}"
        await transmitter.stop()
        clock.advance(seconds=31)
        refused = [
            await write(posts, author),
            await posts.http.patch(url, json={"title": "Another"}, headers=author.headers),
            await posts.http.delete(url, headers=author.headers),
        ]
        assert {(one.status_code, one.json()["code"]) for one in refused} == {(503, "transmitter_silent")}
        assert all(int(one.headers["Retry-After"]) > 0 for one in refused)
        reads = [await posts.http.get(path, headers=author.headers) for path in (url, "/posts", "/posts?state=draft")]
        assert [one.status_code for one in reads] == [200, 200, 200]
        assert (await posts.http.post("/posts")).status_code == 401
        await transmitter.start()
        await wait_for_contact(posts)
        assert (await write(posts, author)).status_code == 201


async def test_all_goes_on_while_the_transmitter_is_silent_if_that_is_the_policy(
    databases: Databases, transmitter: Transmitter, author: Person, clock: StandingClock
) -> None:
    async with services.posts(databases, transmitter.issuer.verifier(), clock=clock, **SERVE) as posts:
        await transmitter.stop()
        clock.advance(seconds=31)
        assert (await write(posts, author)).status_code == 201


async def test_silence_is_shown_and_takes_no_service_out(
    databases: Databases, transmitter: Transmitter, clock: StandingClock
) -> None:
    async with services.posts(databases, transmitter.issuer.verifier(), clock=clock, **SERVE) as posts:
        await wait_for_contact(posts)
        ready = (await posts.http.get("/readyz")).json()
        assert ready["checks"]["security_events"]["silent"] is False
        assert await seconds_of_silence(posts) < SILENCE_SECONDS
        await transmitter.stop()
        clock.advance(seconds=31)
        ready_still = await posts.http.get("/readyz")
        assert ready_still.status_code == 200
        shown = ready_still.json()["checks"]["security_events"]
        assert (shown["silent"], shown["seconds"] >= 31) == (True, True)
        assert await seconds_of_silence(posts) >= 31


async def test_a_service_that_starts_again_does_not_count_the_silence_anew(
    databases: Databases, transmitter: Transmitter, author: Person, clock: StandingClock
) -> None:
    async with services.posts(databases, transmitter.issuer.verifier(), clock=clock, **REFUSE) as posts:
        await wait_for_contact(posts)
    await transmitter.stop()
    await databases.execute("posts_app", AGE_CONTACT)
    async with services.posts(databases, transmitter.issuer.verifier(), clock=clock, **REFUSE) as posts:
        assert await seconds_of_silence(posts) >= 31
        assert (await write(posts, author)).status_code == 503


async def test_a_service_that_never_heard_the_transmitter_counts_from_its_start(
    databases: Databases, transmitter: Transmitter, author: Person, clock: StandingClock
) -> None:
    await transmitter.stop()
    async with services.posts(databases, transmitter.issuer.verifier(), clock=clock, **REFUSE) as posts:
        assert (await write(posts, author)).status_code == 201
        clock.advance(seconds=31)
        assert (await write(posts, author)).status_code == 503


async def test_every_process_knows_that_one_of_them_hears(
    databases: Databases, transmitter: Transmitter, clock: StandingClock
) -> None:
    verifier = transmitter.issuer.verifier()
    async with (
        services.posts(databases, verifier, clock=clock, **SERVE) as first,
        services.posts(databases, transmitter.issuer.verifier(), clock=clock, **SERVE) as second,
    ):
        await wait_for_contact(first)
        clock.advance(seconds=31)
        transmitter.answer_polls()
        await wait_for_contact(first)
        await wait_for_contact(second)
    assert transmitter.calls["token"] == 1
