"""DELETE /sessions/…: ending one session, all others, or the current one."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.identity.answers import claims_of, ensure_problem, pointers, statuses
from tests.identity.signing_in import ensure_ended, ensure_live
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer

ENDED = "SELECT id, end_reason FROM identity.sessions WHERE ended_at IS NOT NULL"


async def signed_in_twice(identity: Identity) -> tuple[dict[str, Any], dict[str, Any]]:
    await identity.register("ada")
    return await identity.sign_in("ada", resource=IDENTITY_URL), await identity.sign_in("ada", resource=IDENTITY_URL)


def session_id(tokens: dict[str, Any]) -> str:
    return str(claims_of(tokens["access_token"])["sid"])


async def end(identity: Identity, tokens: dict[str, Any], which: str = "") -> int:
    path = f"/sessions/{which}" if which else "/sessions"
    response = await identity.http.delete(path, headers=bearer(tokens["access_token"]))
    assert response.content == b"" or response.status_code >= 400
    return response.status_code


async def test_ending_one_session_refuses_its_tokens_and_no_others(identity: Identity) -> None:
    here, there = await signed_in_twice(identity)
    assert await end(identity, here, session_id(there)) == 204
    await ensure_ended(identity, there)
    await ensure_live(identity, here)


async def test_ending_a_session_twice_has_no_further_effect(identity: Identity, databases: Databases) -> None:
    here, there = await signed_in_twice(identity)
    for _ in range(2):
        assert await end(identity, here, session_id(there)) == 204
    (row,) = await databases.fetch("identity_app", ENDED)
    assert (str(row["id"]), row["end_reason"]) == (session_id(there), "ended by its owner")


async def test_another_users_session_is_not_found_and_stays_live(identity: Identity) -> None:
    ada, _ = await signed_in_twice(identity)
    await identity.register("eve")
    eve = await identity.sign_in("eve", resource=IDENTITY_URL)
    for which in (session_id(ada), str(uuid4())):
        response = await identity.http.delete(f"/sessions/{which}", headers=bearer(eve["access_token"]))
        ensure_problem(response, 404, "session_not_found")
    await ensure_live(identity, ada)


@pytest.mark.parametrize("nonsense", ["nonsense", "0", "%00"])
async def test_malformed_session_id_is_refused(identity: Identity, nonsense: str) -> None:
    headers = await identity.signed_in("ada")
    assert pointers(await identity.http.delete(f"/sessions/{nonsense}", headers=headers)) == ["/path/session_id"]


async def test_ending_all_others_leaves_this_one(identity: Identity) -> None:
    here, there = await signed_in_twice(identity)
    elsewhere = await identity.sign_in("ada", resource=IDENTITY_URL)
    assert await end(identity, here) == 204
    await ensure_ended(identity, there)
    await ensure_ended(identity, elsewhere)
    await ensure_live(identity, here)


async def test_ending_all_others_leaves_other_people_alone(identity: Identity) -> None:
    here, _ = await signed_in_twice(identity)
    await identity.register("eve")
    eve = await identity.sign_in("eve", resource=IDENTITY_URL)
    await end(identity, here)
    await ensure_live(identity, eve)


async def test_ending_all_others_succeeds_if_there_are_none(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    assert await end(identity, await identity.sign_in("ada", resource=IDENTITY_URL)) == 204
    assert await databases.fetch("identity_app", ENDED) == []


async def test_signing_out_ends_this_session_alone(identity: Identity, databases: Databases) -> None:
    here, there = await signed_in_twice(identity)
    assert await end(identity, here, "current") == 204
    await ensure_ended(identity, here)
    await ensure_live(identity, there)
    assert [row["end_reason"] for row in await databases.fetch("identity_app", ENDED)] == ["signed out"]


async def test_signing_out_twice_is_unauthenticated_the_second_time(identity: Identity) -> None:
    here, _ = await signed_in_twice(identity)
    assert [await end(identity, here, "current") for _ in range(2)] == [204, 401]


async def test_ending_this_session_by_its_id_signs_out(identity: Identity) -> None:
    here, _ = await signed_in_twice(identity)
    assert await end(identity, here, session_id(here)) == 204
    await ensure_ended(identity, here)


async def test_ending_and_refreshing_at_once_leaves_an_ended_session(identity: Identity) -> None:
    here, there = await signed_in_twice(identity)
    headers = bearer(here["access_token"])
    answers = await asyncio.gather(
        *(identity.refresh(there["refresh_token"]) for _ in range(10)),
        *(identity.http.delete(f"/sessions/{session_id(there)}", headers=headers) for _ in range(10)),
    )
    assert set(statuses(answers[:10])) <= {200, 400}
    assert statuses(answers[10:]) == {204: 10}
    await ensure_ended(identity, there)
