"""Passkeys of an account over the API: adding, renaming and removing them."""

import asyncio
import json
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.identity.answers import ensure_problem
from tests.identity.browsing import browsing
from tests.identity.passkeys import PASSKEYS, add, add_passkey, registration_options
from tests.identity.stepping_up import needs_of
from tests.identity.third_parties import allow, third_party
from tests.support import services
from tests.support.authenticator import Algorithm, Authenticator
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from watchword.testing import StandingClock

ROWS = "SELECT name, transports FROM identity.passkeys ORDER BY id"
FLAG = "SELECT has_second_factor FROM identity.users WHERE username = 'ada'"
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


async def names(databases: Databases) -> list[str]:
    return [str(row["name"]) for row in await databases.fetch("identity_app", ROWS)]


async def test_first_passkey_is_a_second_factor_and_brings_recovery_codes(
    identity: Identity, databases: Databases
) -> None:
    headers = await identity.signed_in("ada")
    options = await registration_options(identity, headers)
    assert (options["rp"]["id"], options["user"]["name"]) == ("localhost", "ada")
    _, credential = Authenticator.of(IDENTITY_URL).register(options)
    answer = await add(identity, {**headers, **FIREFOX}, credential)
    assert answer.status_code == 201, answer.text
    passkey, codes = answer.json()["passkey"], answer.json()["recovery_codes"]
    assert answer.headers["location"] == f"{PASSKEYS}/{passkey['id']}"
    assert (passkey["name"], passkey["transports"], passkey["is_backed_up"]) == (
        "Firefox on Linux",
        ["internal"],
        False,
    )
    assert (len(set(codes)), passkey["last_used_at"]) == (10, None)
    assert (await databases.fetch("identity_app", FLAG))[0]["has_second_factor"]


@pytest.mark.parametrize("algorithm", list(Algorithm), ids=lambda algorithm: algorithm.name)
async def test_further_passkey_has_no_recovery_codes(identity: Identity, algorithm: Algorithm) -> None:
    headers = await identity.signed_in("ada")
    await add_passkey(identity, headers)
    _, added = await add_passkey(identity, headers, Authenticator.of(IDENTITY_URL, algorithm), name=" My key ")
    assert (added["passkey"]["name"], added["recovery_codes"]) == ("My key", [])


async def test_passkey_is_renamed_and_removed(identity: Identity, databases: Databases) -> None:
    headers = await identity.signed_in("ada")
    _, added = await add_passkey(identity, headers)
    path = f"{PASSKEYS}/{added['passkey']['id']}"
    renamed = await identity.http.patch(path, json={"name": "The blue key"}, headers=headers)
    assert (renamed.status_code, renamed.json()["name"]) == (200, "The blue key")
    assert await names(databases) == ["The blue key"]
    for name in ("", " ", "x" * 65, "\u202eevil", None):
        assert (await identity.http.patch(path, json={"name": name}, headers=headers)).status_code == 422
    assert (await identity.http.delete(path, headers=headers)).status_code == 204
    assert await names(databases) == []
    assert not (await databases.fetch("identity_app", FLAG))[0]["has_second_factor"]
    ensure_problem(await identity.http.delete(path, headers=headers), 404, "passkey_not_found")


async def test_stranger_cannot_rename_or_remove_a_passkey(identity: Identity, databases: Databases) -> None:
    ada, eve = await identity.signed_in("ada"), await identity.signed_in("eve")
    _, added = await add_passkey(identity, ada, name="Her key")
    path = f"{PASSKEYS}/{added['passkey']['id']}"
    ensure_problem(await identity.http.patch(path, json={"name": "mine"}, headers=eve), 404, "passkey_not_found")
    ensure_problem(await identity.http.delete(path, headers=eve), 404, "passkey_not_found")
    ensure_problem(await identity.http.delete(f"{PASSKEYS}/{uuid4()}", headers=ada), 404, "passkey_not_found")
    assert await names(databases) == ["Her key"]


async def test_changes_need_a_fresh_sign_in_and_another_name_does_not(
    identity_at: Identity, clock: StandingClock
) -> None:
    await identity_at.register("ada")
    tokens = await identity_at.sign_in("ada", resource=IDENTITY_URL)
    headers = bearer(tokens["access_token"])
    _, added = await add_passkey(identity_at, headers)
    _, credential = Authenticator.of(IDENTITY_URL).register(await registration_options(identity_at, headers))
    path = f"{PASSKEYS}/{added['passkey']['id']}"
    clock.advance(seconds=620)
    # A refresh is no sign-in.
    headers = bearer((await identity_at.refresh(tokens["refresh_token"])).json()["access_token"])
    for answer in (
        await identity_at.http.post(f"{PASSKEYS}/options", headers=headers),
        await add(identity_at, headers, credential),
        await identity_at.http.delete(path, headers=headers),
    ):
        assert needs_of(answer) == {"max_age": "600"}
    assert (await identity_at.http.patch(path, json={"name": "x"}, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [{"origin": "http://evil.example"}, {"rp_id": "evil.example"}, {"flags": 1}, {"client_data": {"challenge": "AA"}}],
    ids=["origin", "rp id", "verification", "challenge"],
)
async def test_refused_answers_look_alike_and_store_nothing(
    identity: Identity, databases: Databases, wrong: dict[str, Any]
) -> None:
    headers = await identity.signed_in("ada")
    _, credential = replace(Authenticator.of(IDENTITY_URL), **wrong).register(
        await registration_options(identity, headers)
    )
    refusal = await add(identity, headers, credential)
    ensure_problem(refusal, 403, "passkey_refused")
    assert refusal.json()["detail"] == "The passkey could not be verified. Try again."
    assert await names(databases) == []
    assert not await databases.fetch("identity_app", "SELECT FROM identity.spent_challenges")


async def test_credential_that_anybody_has_is_refused(identity: Identity, databases: Databases) -> None:
    ada, eve = await identity.signed_in("ada"), await identity.signed_in("eve")
    holder, _ = await add_passkey(identity, ada)
    for headers in (ada, eve):
        _, credential = holder.register(await registration_options(identity, headers))
        ensure_problem(await add(identity, headers, credential), 403, "passkey_refused")
    assert len(await names(databases)) == 1


async def test_one_answer_sent_twenty_times_makes_one_passkey(identity: Identity, databases: Databases) -> None:
    headers = await identity.signed_in("ada")
    _, credential = Authenticator.of(IDENTITY_URL).register(await registration_options(identity, headers))
    answers = await asyncio.gather(*(add(identity, headers, credential) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201, *[403] * 19]
    assert len(await names(databases)) == 1


async def test_account_has_at_most_twenty_passkeys(identity: Identity, databases: Databases) -> None:
    headers = await identity.signed_in("ada")
    options = await registration_options(identity, headers)
    for _ in range(19):
        await add_passkey(identity, headers)
    _, one = Authenticator.of(IDENTITY_URL).register(options)
    _, other = Authenticator.of(IDENTITY_URL).register(await registration_options(identity, headers))
    answers = await asyncio.gather(add(identity, headers, one), add(identity, headers, other))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert len(await names(databases)) == 20
    refusal = await identity.http.post(f"{PASSKEYS}/options", headers=headers)
    ensure_problem(refusal, 409, "too_many_passkeys")


async def test_there_are_no_passkeys_at_an_address(clean_databases: Databases) -> None:
    async with services.identity(clean_databases, issuer="http://127.0.0.1:8001") as identity:
        await identity.register("ada")
        token = (await identity.sign_in("ada", resource="http://127.0.0.1:8001"))["access_token"]
        refusal = await identity.http.post(f"{PASSKEYS}/options", headers=bearer(token))
        ensure_problem(refusal, 409, "passkeys_unavailable")
        ensure_problem(await add(identity, bearer(token), {}), 409, "passkeys_unavailable")


BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"credential": null}',
    b'{"credential": []}',
    b'{"credential": ' + b'{"response":' * 400 + b"1" + b"}" * 401,
    b'{"credential": ' + b'{"response":' * 5_000,
    json.dumps({"credential": {"id": "\ud800", "rawId": "\ud800", "response": {}}}).encode(),
    json.dumps({"credential": {}, "other": 1}).encode(),
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_malformed_body_is_refused(identity: Identity, body: bytes) -> None:
    headers = {**await identity.signed_in("ada"), "Content-Type": "application/json"}
    answer = await identity.http.post(PASSKEYS, content=body, headers=headers)
    assert answer.status_code in (400, 403, 422), answer.text


async def test_body_over_the_limit_is_refused(identity: Identity) -> None:
    headers = await identity.signed_in("ada")
    ensure_problem(await add(identity, headers, {"id": "x" * 10_000_000}), 413, "too_large")


async def test_caller_who_may_not_act_for_the_account_is_refused(identity: Identity) -> None:
    await identity.register("ada")
    for_posts = bearer((await identity.sign_in("ada"))["access_token"])
    for headers in ({}, for_posts):
        assert (await identity.http.post(f"{PASSKEYS}/options", headers=headers)).status_code == 401
        assert (await add(identity, headers, {})).status_code == 401
        assert (await identity.http.delete(f"{PASSKEYS}/{UUID(int=1)}", headers=headers)).status_code == 401


async def test_application_of_others_changes_no_factor_since_it_could_sign_in_with_one(identity: Identity) -> None:
    async with browsing(identity, "grace") as browser:
        notes = await third_party(identity)
        await allow(identity, browser, notes)
    tokens = await identity.sign_in("grace", client_id=notes.id, scope="account", resource=IDENTITY_URL)
    headers = bearer(tokens["access_token"])
    own = bearer((await identity.sign_in("grace", resource=IDENTITY_URL))["access_token"])
    _, credential = Authenticator.of(IDENTITY_URL).register(await registration_options(identity, own))
    ensure_problem(await add(identity, headers, credential), 403, "first_party_required")
    changes = [("POST", "totp"), ("DELETE", "totp"), ("POST", "recovery-codes"), ("DELETE", f"passkeys/{uuid4()}")]
    changes.append(("POST", "passkeys/options"))
    for method, path in changes:
        answer = await identity.http.request(method, f"/users/me/{path}", headers=headers)
        ensure_problem(answer, 403, "first_party_required")
    answer = await identity.http.post("/users/me/totp/confirmation", json={"code": "123456"}, headers=headers)
    ensure_problem(answer, 403, "first_party_required")
    # Its owner could take one for another, and remove the wrong one.
    answer = await identity.http.patch(f"{PASSKEYS}/{uuid4()}", json={"name": "x"}, headers=headers)
    ensure_problem(answer, 403, "first_party_required")
