"""Consents: what a person has allowed an application of others, and taking it back."""

import asyncio
from typing import Any

import pytest

from identity_service.clients.errors import ClientNotFound
from identity_service.errors import ConsentNotFound, SignOnRequired
from identity_service.sign_ons.values import LiveSignOn
from tests.identity.answers import claims_of, ensure_problem
from tests.identity.browsing import Browsing, browsing
from tests.identity.obeying import ObeyingService
from tests.identity.signing_in import ensure_ended, ensure_live
from tests.identity.signing_on import COOKIE
from tests.identity.third_parties import SCOPES, allow, third_party
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from watchword.testing import StandingClock

CONSENTS = "/users/me/consents"
AUDIT = "SELECT actor, action, subject, detail FROM identity.audit_entries WHERE action LIKE 'consent.%' ORDER BY id"


async def sign_on_of(identity: Identity, browser: Browsing) -> LiveSignOn:
    sign_on = await identity.parts.sign_ons.find(browser.http.cookies[COOKIE])
    assert sign_on is not None
    return sign_on


async def own(identity: Identity, username: str = "ada", **form: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Tokens of this person for identity, and the header with the access token."""
    tokens = await identity.sign_in(username, resource=IDENTITY_URL, **form)
    return tokens, bearer(tokens["access_token"])


async def listed(identity: Identity, username: str = "ada") -> list[dict[str, Any]]:
    answer = await identity.http.get(CONSENTS, headers=(await own(identity, username))[1])
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def test_what_is_allowed_is_remembered_for_each_client_and_adds_up(ada: Browsing, identity: Identity) -> None:
    consents, user_id = identity.parts.consents, (await sign_on_of(identity, ada)).user_id
    notes, mail = await third_party(identity), await third_party(identity, "mail", "Mail")
    assert not await consents.covers(user_id, notes.id, [])
    await allow(identity, ada, notes, "account")
    covered = [await consents.covers(user_id, notes.id, scopes) for scopes in (["account"], ["posts:write"], SCOPES)]
    assert covered == [True, False, False]
    await allow(identity, ada, notes, "posts:write")
    await allow(identity, ada, notes, "posts:write")
    assert await consents.covers(user_id, notes.id, SCOPES)
    assert not await consents.covers(user_id, mail.id, ["account"])


async def test_a_person_sees_the_applications_by_name_and_nobody_elses(
    identity_at: Identity, clock: StandingClock
) -> None:
    identity = identity_at
    async with browsing(identity, "ada") as ada, browsing(identity, "eve"):
        await allow(identity, ada, await third_party(identity, "zebra", "notes"), "account")
        began = clock.now().isoformat().replace("+00:00", "Z")
        clock.advance(minutes=1)
        await allow(identity, ada, await third_party(identity, "mail", "Mail"))
        await allow(identity, ada, await third_party(identity, "zebra", "Zebra"), "posts:write")
        await own(identity, client_id="mail")
        now = clock.now().isoformat().replace("+00:00", "Z")
        # The name is what the client has now.
        zebra = {"client_id": "zebra", "name": "Zebra", "created_at": began, "updated_at": now, "last_used_at": None}
        mail = {"client_id": "mail", "name": "Mail", "created_at": now, "updated_at": now, "last_used_at": now}
        assert await listed(identity) == [{**mail, "scopes": SCOPES}, {**zebra, "scopes": SCOPES}]
        assert await listed(identity, "eve") == []


async def test_access_that_is_taken_back_ends_the_sessions_of_that_client_alone(
    ada: Browsing, identity: Identity
) -> None:
    notes, mail = await third_party(identity), await third_party(identity, "mail", "Mail")
    for client in (notes, mail):
        await allow(identity, ada, client)
    of_notes = [(await own(identity, client_id="notes"))[0] for _ in range(2)]
    (of_mail, _), (of_web, headers) = await own(identity, client_id="mail"), await own(identity)
    assert (await identity.http.delete(f"{CONSENTS}/notes", headers=headers)).status_code == 204
    for tokens in of_notes:
        await ensure_ended(identity, tokens, client_id="notes")
    await ensure_live(identity, of_mail, client_id="mail")
    await ensure_live(identity, of_web)
    assert await ada.is_signed_on()
    assert [one["client_id"] for one in await listed(identity)] == ["mail"]
    again = await identity.http.delete(f"{CONSENTS}/notes", headers=headers)
    ensure_problem(again, 404, "consent_not_found")


async def test_another_service_refuses_the_tokens_of_an_application_whose_access_is_taken_back(
    ada: Browsing, identity: Identity
) -> None:
    service = await ObeyingService.of(identity)
    await allow(identity, ada, await third_party(identity))
    tokens, others = await identity.sign_in("ada", client_id="notes"), await identity.sign_in("ada")
    _, headers = await own(identity)
    answer = await identity.http.delete(f"{CONSENTS}/notes", headers={**headers, "Prefer": "wait=0"})
    assert (answer.status_code, answer.json()) == (200, {"obeyed": [], "outstanding": ["posts"]})
    await service.receive()
    assert [await service.accepts(one["access_token"]) for one in (tokens, others)] == [False, True]


async def test_nobody_takes_back_what_is_not_theirs(ada: Browsing, identity: Identity) -> None:
    await allow(identity, ada, await third_party(identity))
    tokens, _ = await own(identity, client_id="notes")
    await identity.register("eve")
    _, of_eve = await own(identity, "eve")
    for client_id in ("notes", "web", "nobody", "x" * 5_000):
        answer = await identity.http.delete(f"{CONSENTS}/{client_id}", headers=of_eve)
        ensure_problem(answer, 404, "consent_not_found")
    assert (await identity.http.delete(f"{CONSENTS}/%00", headers=of_eve)).status_code == 422
    await ensure_live(identity, tokens, client_id="notes")


async def test_a_token_without_the_scope_account_neither_sees_nor_takes_back(ada: Browsing, identity: Identity) -> None:
    await allow(identity, ada, await third_party(identity))
    (await third_party(identity, "mail", "Mail", scopes=["posts:write"]))
    headers = bearer((await identity.sign_in("ada", client_id="mail"))["access_token"])
    for method, path in (("GET", CONSENTS), ("DELETE", f"{CONSENTS}/notes")):
        assert (await identity.http.request(method, path, headers=headers)).status_code == 401
    assert "notes" in [one["client_id"] for one in await listed(identity)]


async def test_first_party_clients_need_no_consent_and_have_none(
    ada: Browsing, identity: Identity, databases: Databases
) -> None:
    notes = await third_party(identity)
    await allow(identity, ada, notes)
    tokens, headers = await own(identity, client_id="notes")
    await third_party(identity, is_first_party=True)
    web = await identity.parts.clients.find("web")
    assert web is not None
    await allow(identity, ada, web)
    assert await listed(identity) == []
    for client_id in ("notes", "web"):
        refused = await identity.http.delete(f"{CONSENTS}/{client_id}", headers=headers)
        ensure_problem(refused, 404, "consent_not_found")
    await ensure_live(identity, tokens, client_id="notes")
    # It was given before the client became one of this installation.
    assert len(await databases.fetch("identity_app", "SELECT FROM identity.consents")) == 1


async def test_what_was_allowed_goes_with_the_client_and_with_the_account(
    ada: Browsing, identity: Identity, databases: Databases
) -> None:
    notes = await third_party(identity)
    await allow(identity, ada, notes)
    await databases.execute("identity_owner", "DELETE FROM identity.clients WHERE id = 'notes'")
    assert await listed(identity) == []
    with pytest.raises(ClientNotFound):
        await allow(identity, ada, notes)
    await allow(identity, ada, await third_party(identity, "mail", "Mail"))
    _, headers = await own(identity)
    assert (await identity.http.delete("/users/me", headers=headers)).status_code == 204
    assert await databases.fetch("identity_app", "SELECT FROM identity.consents") == []


async def test_a_sign_on_that_has_ended_meanwhile_allows_nothing(ada: Browsing, identity: Identity) -> None:
    notes, sign_on = await third_party(identity), await sign_on_of(identity, ada)
    await ada.send("/sign-out")
    with pytest.raises(SignOnRequired):
        await identity.parts.consents.give(sign_on, notes, SCOPES)
    assert not await identity.parts.consents.covers(sign_on.user_id, notes.id, SCOPES)


async def test_access_that_is_given_and_taken_back_at_once_ends_in_one_of_both(
    ada: Browsing, identity: Identity, databases: Databases
) -> None:
    notes, sign_on = await third_party(identity), await sign_on_of(identity, ada)
    consents = identity.parts.consents
    gifts = [consents.give(sign_on, notes, [scope]) for scope in SCOPES * 3]
    outcomes = await asyncio.gather(
        *gifts, *(consents.withdraw(sign_on.user_id, "notes") for _ in range(6)), return_exceptions=True
    )
    assert {type(one) for one in outcomes if isinstance(one, BaseException)} <= {ConsentNotFound}
    rows = await databases.fetch("identity_app", "SELECT scopes FROM identity.consents")
    actions = [row["action"] for row in await databases.fetch("identity_app", AUDIT)]
    assert actions.count("consent.given") == len(gifts)
    assert (actions[-1] == "consent.given") == bool(rows)


async def test_the_audit_log_says_who_allowed_which_scopes_and_took_them_back(
    ada: Browsing, identity: Identity, databases: Databases
) -> None:
    await allow(identity, ada, await third_party(identity))
    tokens, headers = await own(identity, client_id="notes")
    assert (await identity.http.delete(f"{CONSENTS}/notes", headers=headers)).status_code == 204
    gift, withdrawal = await databases.fetch("identity_app", AUDIT)
    user_id = claims_of(tokens["access_token"])["sub"]
    assert [(row["actor"], row["action"], row["subject"]) for row in (gift, withdrawal)] == [
        (user_id, "consent.given", "notes"),
        (user_id, "consent.withdrawn", "notes"),
    ]
    assert '"scopes": ["account", "posts:write"]' in gift["detail"]
    query = "SELECT end_reason FROM identity.sessions WHERE client_id = 'notes'"
    (row,) = await databases.fetch("identity_app", query)
    assert row["end_reason"] == "access taken back by its owner"
