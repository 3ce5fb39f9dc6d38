"""python -m identity_service recovery and consents: after a restore, and after the loss of a key."""

import asyncio
import json
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from identity_service.administration import AccountDraft, Administration
from identity_service.commands import deletion_lists
from identity_service.commands.recovery import recovery_of
from identity_service.recording.cause import BY_COMMAND_LINE
from identity_service.users.models import AccountDeletion
from tests.identity.answers import claims_of
from tests.identity.command_line import environment_of, run
from tests.identity.receivers import receiver, receiver_with_stream
from tests.identity.signing import signing_kid
from tests.identity.signing_on import register_and_sign_on, who
from tests.identity.test_importing import are_waiting
from tests.identity.test_keys import OTHER_KEY
from tests.identity.third_parties import third_party
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer
from tests.support.waiting import until
from watchword.errors import Invalid

AUDIT = "SELECT actor, action, subject FROM identity.audit_entries WHERE actor = 'command line' ORDER BY id"
CONSENT = """
    INSERT INTO identity.consents (user_id, client_id, scopes, created_at, updated_at)
    VALUES ($1, 'notes', '{account}', now(), now())
"""
DELETED = "INSERT INTO identity.account_deletions (user_id) SELECT unnest($1::uuid[])"


@pytest.fixture
def environment(databases: Databases) -> dict[str, str]:
    return environment_of(databases)


async def recorded(databases: Databases) -> list[tuple[str, str]]:
    """The acts of commands, each with what it was about."""
    return [(row["action"], row["subject"]) for row in await databases.fetch("identity_app", AUDIT)]


async def as_json(environment: dict[str, str], *arguments: str, stdin: str = "") -> Any:
    outcome = await run(environment, *arguments, "--json", stdin=stdin)
    assert (outcome.status, outcome.error) == (0, "")
    return json.loads(outcome.output)


async def test_everybody_is_signed_out_and_can_sign_in_again(
    environment: dict[str, str], identity: Identity, databases: Databases
) -> None:
    posts = await receiver_with_stream(identity)
    secret = await register_and_sign_on(identity)
    tokens = await identity.sign_in("ada", resource=IDENTITY_URL)
    kid = signing_kid(identity)
    answer = await as_json(environment, "recovery", "sign-out-everybody")
    assert (answer["sign_ons"], answer["sessions"], answer["outstanding"]) == (1, 1, None)
    await identity.parts.keyring.reload()
    assert signing_kid(identity) == answer["signing_kid"] != kid
    assert await who(identity, secret) is None
    identity.http.cookies.clear()
    assert (await identity.refresh(tokens["refresh_token"])).status_code == 400
    headers = bearer(tokens["access_token"])
    assert (await identity.http.get("/sessions", headers=headers)).status_code == 401
    posts.headers = (await receiver(identity)).headers
    assert "signing-key-withdrawn" in await posts.kinds()
    acts = [action for action, _ in await recorded(databases)]
    assert [acts.count(action) for action in ("sign_on.ended", "session.ended", "key.withdrawn")] == [1, 1, 1]
    # A second time there is nothing left but the key that signs now.
    await identity.sign_in("ada")
    again = await as_json(environment, "recovery", "sign-out-everybody")
    assert (again["sign_ons"], again["sessions"]) == (0, 1)


async def test_who_signs_in_meanwhile_stays_signed_in(identity: Identity) -> None:
    secret = await register_and_sign_on(identity)
    began = identity.parts.clock.now()
    await identity.sign_in("ada")
    everybody = recovery_of(identity.parts).everybody
    assert await everybody.end_sessions(began, BY_COMMAND_LINE) == 0
    assert await everybody.end_sign_ons(began, BY_COMMAND_LINE) == 1
    assert await who(identity, secret) is None


async def test_deletions_that_were_lost_are_repeated_from_the_list(
    environment: dict[str, str], identity: Identity, databases: Databases
) -> None:
    posts = await receiver_with_stream(identity)
    here, gone, known = await identity.register("ada"), uuid4(), uuid4()
    await databases.execute("identity_app", DELETED, [UUID(here), gone, known])
    listed = (await run(environment, "recovery", "list-deletions")).output
    assert json.loads(listed.splitlines()[-1]) == {"type": "end", "count": 3}
    await databases.execute("identity_app", "DELETE FROM identity.account_deletions WHERE user_id <> $1", known)
    answer = await as_json(environment, "recovery", "repeat-deletions", "-", stdin=listed)
    assert (answer["repeated"], answer["known"]) == (2, 1)
    sets = [claims_of(token)["sub_id"]["sub"] for token in (await posts.sets()).values()]
    assert set(sets) == {here, str(gone)}
    assert (await identity.token(grant_type="password", username="ada", password=PASSWORD)).status_code == 400
    assert set(await recorded(databases)) == {("user.deleted", here), ("user.deleted", str(gone))}
    again = await as_json(environment, "recovery", "repeat-deletions", "-", stdin=listed)
    assert (again["repeated"], again["known"]) == (0, 3)


async def test_deletion_that_is_recorded_meanwhile_is_recorded_once(identity: Identity, databases: Databases) -> None:
    """As by another run of the same list."""
    gone = uuid4()
    async with identity.parts.database.begin() as db:
        db.add(AccountDeletion(user_id=gone))
        await db.flush()
        late = asyncio.create_task(recovery_of(identity.parts).lost_deletions.record(gone, BY_COMMAND_LINE))
        await until(partial(are_waiting, databases, 1))
    assert await late is None
    assert await recorded(databases) == []


async def test_the_last_administrator_stays_and_all_others_are_deleted(
    environment: dict[str, str], identity: Identity
) -> None:
    admin = AccountDraft("grace", "grace@example.com", PASSWORD)
    assert await Administration(identity.parts).create_administrator(admin)
    ids = [str(await identity.parts.accounts.find_id("grace")), await identity.register("ada")]
    outcome = await run(environment, "recovery", "repeat-deletions", "-", stdin="\n".join(ids))
    assert (outcome.status, outcome.output) == (1, "")
    assert outcome.error.startswith(f"deletions that were repeated: 1; nobody but {ids[0]} is an administrator")
    await identity.sign_in("grace")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (['{"type": "deletion", "user_id": "0199a3c1-e5f0-7d6b-8a2e-3f1c5b7d9e10"}'], "the list is not whole"),
        (['{"type": "deletion", "user_id": "ada"}', '{"type": "end", "count": 1}'], "line 1 names no account"),
        (["{"], "line 1 is no JSON"),
        ([], "the list is empty"),
        (["", ""], "the list is empty"),
        (["", "ada"], "line 2 names no account"),
        (['{"type": "end", "count": 0}', "[]"], "line 2 names no account"),
    ],
)
def test_list_that_is_not_whole_is_refused(lines: list[str], problem: str) -> None:
    with pytest.raises(Invalid) as refused:
        deletion_lists.deleted_ids(line.encode() for line in lines)
    assert refused.value.advice.startswith(problem)


async def test_all_deletions_are_sent_again_to_durable_streams(
    environment: dict[str, str], identity: Identity, databases: Databases
) -> None:
    posts = await receiver_with_stream(identity)
    deleted = [uuid4() for _ in range(3)]
    await databases.execute("identity_app", DELETED, deleted)
    assert await posts.sets() == {}
    for _ in range(2):
        answer = await as_json(environment, "recovery", "send-deletions")
        assert answer == {"stream_ids": [posts.stream_id]}
        sets = await posts.sets()
        assert {claims_of(token)["sub_id"]["sub"] for token in sets.values()} == set(map(str, deleted))
        await posts.poll(ack=list(sets), maxEvents=0)
    assert await recorded(databases) == [("stream.deletions_sent", posts.stream_id)] * 2
    await posts.set_status("disabled")
    assert await as_json(environment, "recovery", "send-deletions") == {"stream_ids": []}


async def test_accounts_are_listed_with_their_state(environment: dict[str, str], identity: Identity) -> None:
    ada, eve = await identity.register("ada"), await identity.register("eve")
    await Administration(identity.parts).set_active("eve", False)
    first, *accounts, last = (await run(environment, "recovery", "list-accounts")).output.splitlines()
    assert json.loads(first).keys() == {"type", "at"}
    assert json.loads(last) == {"type": "end", "count": 2}
    listed = {one["id"]: (one["active"], one["version"]) for one in map(json.loads, accounts)}
    assert listed == {ada: (True, 0), eve: (False, 1)}


async def test_lost_keys_are_replaced_and_the_service_starts_again(
    environment: dict[str, str], identity: Identity, databases: Databases
) -> None:
    posts = await receiver_with_stream(identity)
    tokens = await identity.signed_in("ada")
    kid = signing_kid(identity)
    assert (await run(environment, "recovery", "replace-lost-keys")).output.startswith("Every key can be opened")
    lost = environment | {"IDENTITY_KEY_ENCRYPTION_KEY": OTHER_KEY}
    refused = await run(lost, "keys", "list")
    assert (refused.status, refused.output) == (1, "")
    answer = await as_json(lost, "recovery", "replace-lost-keys")
    assert (answer["withdrawn"], answer["has_new_digest_key"]) == ([kid], True)
    assert await recorded(databases) == [("key.withdrawn", kid), ("digest_key.replaced", "digest key")]
    async with services.identity(databases, key_encryption_key=OTHER_KEY) as started:
        assert signing_kid(started) == answer["made"]
        assert (await started.http.get("/users/me", headers=tokens)).status_code == 401
        await started.sign_in("ada")
        receiving = await receiver(started)
        receiving.stream_id = posts.stream_id
        assert "signing-key-withdrawn" in await receiving.kinds()
    again = await as_json(lost, "recovery", "replace-lost-keys")
    assert again == {"withdrawn": [], "made": None, "has_new_digest_key": False}


async def test_damaged_key_of_digests_is_made_again_and_nothing_else(
    environment: dict[str, str], identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    digest = identity.parts.digests.of("usernames", "ada")
    await databases.execute("identity_app", "UPDATE identity.digest_keys SET sealed_key = '\\x00'")
    answer = await as_json(environment, "recovery", "replace-lost-keys")
    assert answer == {"withdrawn": [], "made": None, "has_new_digest_key": True}
    async with services.identity(databases) as started:
        # With the key-encryption key of the installation's beginning it is the same as before.
        assert started.parts.digests.of("usernames", "ada") == digest
        assert signing_kid(started) == signing_kid(identity)


async def test_what_a_person_allowed_an_application_is_taken_back_by_name_and_by_id(
    environment: dict[str, str], identity: Identity, databases: Databases
) -> None:
    await third_party(identity)
    ada = await identity.register("ada")
    for user in ("ada", ada):
        await databases.execute("identity_app", CONSENT, UUID(ada))
        outcome = await run(environment, "consents", "withdraw", user, "notes")
        assert (outcome.status, outcome.error) == (0, "")
        assert outcome.output.startswith(f"{user} allows notes nothing from now on")
    assert await recorded(databases) == [("consent.withdrawn", "notes")] * 2
    nothing = await run(environment, "consents", "withdraw", "ada", "notes")
    assert (nothing.status, nothing.output) == (1, "")
