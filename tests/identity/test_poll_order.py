"""Which events a poll brings: those that have not been sent come first, and none is sent again without need."""

from dataclasses import replace

from identity_service.administration import Administration
from tests.identity.receivers import KINDS, Receiver, cause_events, receiver_with_stream
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Identity

DELETED_LONG_AGO = (
    "INSERT INTO identity.account_deletions (user_id, deleted_at)"
    " SELECT gen_random_uuid(), now() - interval '1 year' FROM generate_series(1, 3)"
)
AGE = "UPDATE identity.stream_events SET sent_at = sent_at - interval '6 seconds'"


async def with_events(identity: Identity, count: int) -> Receiver:
    await identity.register("ada")
    posts = await receiver_with_stream(identity)
    await cause_events(identity, count)
    return posts


async def wait(posts: Receiver, **members: object) -> list[str]:
    """Poll, and wait for events; return their ids."""
    return list(await posts.sets(returnImmediately=False, **members))


async def test_event_that_was_sent_comes_after_those_that_were_not(identity: Identity) -> None:
    posts = await with_events(identity, 1)
    (first,) = await posts.sets()
    await Administration(identity.parts).set_active("ada", True)
    *others, last = await posts.sets()
    assert last == first
    assert len(others) == 1


async def test_events_that_are_not_acknowledged_take_turns(identity: Identity) -> None:
    posts = await with_events(identity, 3)
    first, second, third = [list(await posts.sets(maxEvents=1)) for _ in range(3)]
    assert len({*first, *second, *third}) == 3
    assert list(await posts.sets(maxEvents=1)) == first


async def test_event_that_was_lost_with_an_answer_comes_before_history(
    identity: Identity, databases: Databases
) -> None:
    """A replay of many deletions does not hold up a revocation, not even one whose answer was lost."""
    await databases.execute("identity_app", DELETED_LONG_AGO)
    posts = await with_events(identity, 1)
    (first,) = await wait(posts, maxEvents=1)
    assert list(await posts.sets(maxEvents=1)) == [first]
    assert await posts.kinds(maxEvents=3) == ["account-disabled", "account-purged", "account-purged"]
    await databases.execute("identity_app", AGE)
    assert await wait(posts, maxEvents=1) == [first]


async def test_waiting_poll_does_not_bring_what_was_sent_a_moment_ago(identity: Identity) -> None:
    posts = await with_events(identity, 2)
    every = await wait(posts)
    assert len(every) == 2
    assert await wait(posts) == []
    assert list(await posts.sets()) == every


async def test_waiting_poll_brings_what_was_sent_and_not_acknowledged_for_long(
    identity: Identity, databases: Databases
) -> None:
    posts = await with_events(identity, 2)
    every = await wait(posts)
    await databases.execute("identity_app", AGE)
    assert await wait(posts) == every
    assert await wait(posts) == []


async def test_waiting_poll_is_told_that_there_is_more_only_if_that_is_due(identity: Identity) -> None:
    posts = await with_events(identity, 3)
    await posts.sets(maxEvents=1)
    answer = (await posts.poll(returnImmediately=False, maxEvents=2)).json()
    assert (len(answer["sets"]), answer["moreAvailable"]) == (2, False)


async def test_event_is_sent_by_either_replica_but_by_one_waiting_poll_only(clean_databases: Databases) -> None:
    async with services.identity(clean_databases) as one, services.identity(clean_databases) as other:
        posts = await with_events(one, 2)
        elsewhere = replace(posts, http=other.http)
        assert len(await wait(posts)) == 2
        assert await wait(elsewhere) == []
        assert await elsewhere.kinds() == KINDS
