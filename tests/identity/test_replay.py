"""A stream that is new, enabled again or asks for more starts with what a valid token can still contradict."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from identity_service.administration import Administration
from identity_service.recording.cause import by_user
from tests.identity.answers import claims_of, ensure_problem
from tests.identity.receivers import (
    KINDS,
    STREAMS,
    Receiver,
    cause_events,
    receiver,
    receiver_with_stream,
    waits_for_acts,
)
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer
from tests.support.waiting import until
from watchword.events.types import EventType
from watchword.testing import StandingClock

PUT_BACK = "UPDATE identity.recent_events SET created_at = created_at - $1::text::interval"
RECENT = "SELECT type, claims FROM identity.recent_events ORDER BY id"
WAITING = "SELECT type, is_history FROM identity.stream_events ORDER BY id"


async def recreate(posts: Receiver, **members: Any) -> None:
    assert (await posts.request("DELETE", STREAMS, stream_id=posts.stream_id)).status_code == 204
    await posts.create(**members)


async def test_new_stream_starts_with_the_events_before_it_in_their_order(identity: Identity) -> None:
    await identity.register("ada")
    await cause_events(identity, 4)
    assert await (await receiver_with_stream(identity)).kinds() == KINDS * 2


async def test_replayed_event_says_when_it_happened(identity_at: Identity, clock: StandingClock) -> None:
    await identity_at.register("ada")
    happened_at = clock.now().timestamp()
    await cause_events(identity_at, 1)
    clock.advance(seconds=90)
    (token,) = (await (await receiver_with_stream(identity_at)).sets()).values()
    claims = claims_of(token)
    (event,) = claims["events"].values()
    assert (claims["toe"], event["happened_at"]) == (int(happened_at), happened_at)


async def test_stream_that_is_enabled_again_starts_anew(identity: Identity) -> None:
    await identity.register("ada")
    posts = await receiver_with_stream(identity)
    await cause_events(identity, 2)
    await posts.acknowledge()
    await posts.set_status("disabled")
    await cause_events(identity, 2)
    await posts.set_status("enabled")
    assert await posts.kinds() == KINDS * 2


async def test_stream_that_is_paused_after_it_was_disabled_stores_what_it_missed(identity: Identity) -> None:
    await identity.register("ada")
    posts = await receiver_with_stream(identity)
    await posts.set_status("disabled")
    await cause_events(identity, 2)
    await posts.set_status("paused")
    await posts.set_status("enabled")
    assert await posts.kinds() == KINDS


@pytest.mark.parametrize("status", ["enabled", "paused"])
async def test_stream_that_was_not_disabled_gets_nothing_twice(identity: Identity, status: str) -> None:
    await identity.register("ada")
    posts = await receiver_with_stream(identity)
    await cause_events(identity, 2)
    await posts.acknowledge()
    await posts.set_status(status)
    await posts.set_status("enabled")
    assert await posts.sets() == {}


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_stream_that_asks_for_more_gets_the_past_events_of_those_types_alone(
    identity: Identity, method: str
) -> None:
    await identity.register("ada")
    posts = await receiver_with_stream(identity, events_requested=[EventType.ACCOUNT_ENABLED])
    await cause_events(identity, 2)
    await posts.acknowledge()
    both = [EventType.ACCOUNT_ENABLED, EventType.ACCOUNT_DISABLED]
    body = {"stream_id": posts.stream_id, "events_requested": both}
    assert (await posts.request(method, STREAMS, body)).status_code == 200
    assert await posts.kinds() == ["account-disabled"]
    assert (await posts.request(method, STREAMS, body)).status_code == 200
    assert len(await posts.sets()) == 1


async def test_stream_that_asks_for_less_gets_nothing_of_it(identity: Identity) -> None:
    await identity.register("ada")
    await cause_events(identity, 2)
    posts = await receiver_with_stream(identity, events_requested=[EventType.ACCOUNT_DISABLED])
    assert await posts.kinds() == ["account-disabled"]


async def test_disabled_stream_that_asks_for_more_gets_nothing_before_it_is_enabled(identity: Identity) -> None:
    await identity.register("ada")
    posts = await receiver_with_stream(identity, events_requested=[])
    await posts.set_status("disabled")
    await cause_events(identity, 2)
    await posts.request(
        "PATCH", STREAMS, {"stream_id": posts.stream_id, "events_requested": [EventType.ACCOUNT_ENABLED]}
    )
    assert await posts.sets() == {}
    await posts.set_status("enabled")
    assert await posts.kinds() == ["account-enabled"]


async def test_event_that_no_token_can_contradict_any_more_is_not_replayed(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    await cause_events(identity, 1)
    await databases.execute("identity_app", PUT_BACK, "66 minutes")
    await Administration(identity.parts).set_active("ada", True)
    assert await (await receiver_with_stream(identity)).kinds() == ["account-enabled"]


async def test_event_older_than_the_lifetime_of_present_tokens_comes_after_what_happens_now(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    await cause_events(identity, 1)
    await databases.execute("identity_app", PUT_BACK, "20 minutes")
    posts = await receiver_with_stream(identity)
    await Administration(identity.parts).set_active("ada", True)
    assert await posts.kinds() == ["account-enabled", "account-disabled"]


async def test_verification_is_not_replayed(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    await posts.verify()
    await recreate(posts)
    assert await posts.sets() == {}


async def test_replay_signs_nobody_out_who_was_not_signed_out(identity: Identity) -> None:
    """Tokens from after an event have a version that it does not revoke, however late it arrives."""
    await identity.register("ada")
    here = await identity.sign_in("ada", resource=IDENTITY_URL)
    await identity.sign_in("ada")
    await identity.http.delete("/sessions", headers=bearer(here["access_token"]))
    later = claims_of((await identity.sign_in("ada"))["access_token"])
    posts = await receiver_with_stream(identity)
    ((kind, _, event),) = await posts.events()
    assert (kind, event["except_sid"]) == ("session-revoked", claims_of(here["access_token"])["sid"])
    assert later["ver"] >= event["ver"]


async def test_deleting_an_account_takes_its_names_out_of_the_events_to_be_replayed(
    identity: Identity, databases: Databases
) -> None:
    headers = await identity.signed_in("ada")
    await identity.http.patch("/users/me", json={"username": "lovelace"}, headers=headers)
    await Administration(identity.parts).set_roles("lovelace", ["user", "moderator"])
    assert "lovelace" in str(await databases.fetch("identity_app", RECENT))
    headers = bearer((await identity.sign_in("lovelace", resource=IDENTITY_URL))["access_token"])
    assert (await identity.http.delete("/users/me", headers=headers)).status_code == 204
    rows = await databases.fetch("identity_app", RECENT)
    assert "lovelace" not in str(rows)
    assert "moderator" not in str(rows)
    assert {row["type"] for row in rows} == {EventType.TOKEN_CLAIMS_CHANGE, EventType.ACCOUNT_PURGED}


async def test_event_that_is_being_enqueued_while_a_stream_begins_is_in_it(identity: Identity) -> None:
    """Whichever commits first: none falls between the stream and what is replayed into it."""
    user_id = UUID(await identity.register("ada"))
    posts, parts = await receiver(identity), identity.parts
    async with parts.database.begin() as db:
        await parts.recorder.renamed(db, parts.clock.now(), user_id, "lovelace", by_user(user_id, "renamed"))
        creating = asyncio.create_task(posts.create())
        await until(lambda: waits_for_acts(parts.database.dsn))
    await creating
    assert await posts.kinds() == ["identifier-changed"]


async def test_event_that_is_being_enqueued_while_a_stream_is_disabled_is_not_left_in_it(
    identity: Identity, databases: Databases
) -> None:
    user_id = UUID(await identity.register("ada"))
    posts, parts = await receiver_with_stream(identity), identity.parts
    async with parts.database.begin() as db:
        await parts.recorder.renamed(db, parts.clock.now(), user_id, "lovelace", by_user(user_id, "renamed"))
        disabling = asyncio.create_task(posts.set_status("disabled"))
        await until(lambda: waits_for_acts(parts.database.dsn))
    await disabling
    assert await databases.fetch("identity_app", WAITING) == []
    await posts.set_status("enabled")
    assert await posts.kinds() == ["identifier-changed"]


async def test_stream_is_refused_for_now_if_an_act_does_not_end(identity: Identity) -> None:
    user_id = UUID(await identity.register("ada"))
    posts, parts = await receiver(identity), identity.parts
    async with parts.database.begin() as db:
        await parts.recorder.renamed(db, parts.clock.now(), user_id, "lovelace", by_user(user_id, "renamed"))
        refused = await posts.request("POST", STREAMS, {})
    ensure_problem(refused, 503, "database_unavailable")
    assert (await posts.request("GET", STREAMS)).json() == []
    await posts.create()
    assert await posts.kinds() == ["identifier-changed"]


async def test_events_of_many_acts_and_a_stream_that_begins_meanwhile(clean_databases: Databases) -> None:
    """Each act is in the stream once, whether it came before or after."""
    async with services.identity(clean_databases) as one, services.identity(clean_databases) as other:
        names = [f"ada-{number}" for number in range(8)]
        for name in names:
            await one.register(name)

        async def sign_out(service: Identity, name: str) -> None:
            for _ in range(5):
                tokens = await service.sign_in(name, PASSWORD, resource=IDENTITY_URL)
                await service.http.delete("/sessions/current", headers=bearer(tokens["access_token"]))

        posts = await receiver(one)
        acts = [asyncio.create_task(sign_out((one, other)[index % 2], name)) for index, name in enumerate(names)]
        await asyncio.sleep(0)
        await posts.create()
        await asyncio.gather(*acts)
        subjects = [str(subject) for _, subject, _ in await replace(posts, http=other.http).events()]
    assert len(subjects) == len(set(subjects)) == 5 * len(names)
