"""The full name of a user: optional, changed and emptied by its owner, and shown to nobody else."""

import json

import pytest

from identity_service.schema import MIGRATIONS
from tests.identity.answers import claims_of, pointers
from tests.identity.test_registration import register
from tests.support.databases import Databases
from tests.support.fresh import Fresh
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer

INSERT = "INSERT INTO identity.users (username, email, password_hash) VALUES ('{0}', '{0}@example.com', 'x')"
AUDIT = "SELECT actor, subject, detail FROM identity.audit_entries WHERE action = 'user.full_name_changed'"
ACCEPTED = {
    "one letter": ("A", "A"),
    "100 letters": ("é" * 100, "é" * 100),
    "blanks at both ends": ("  Ada Lovelace \t", "Ada Lovelace"),
    "another script": ("エイダ・ラブレス", "エイダ・ラブレス"),
    "a family": ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
    "Persian": ("می\u200cخواهم", "می\u200cخواهم"),
    "100 letters and blanks": (" " + "a" * 100 + " ", "a" * 100),
}
REFUSED = {
    "empty": "",
    "only blanks": " \t ",
    "a zero width space": "\u200b",
    "a Hangul filler": " \u3164 ",
    "marks and selectors alone": "\u0301\ufe0f",
    "too long": "x" * 101,
    "NUL": "Ada\x00Lovelace",
    "line feed": "Ada\nLovelace",
    "escape": "Ada\x1b[31m",
    "delete": "Ada\x7f",
    "C1 control character": "Ada\x85Lovelace",
    "number": 1,
    "list": ["Ada"],
}

accepted = pytest.mark.parametrize(("sent", "stored"), ACCEPTED.values(), ids=ACCEPTED.keys())
refused = pytest.mark.parametrize("full_name", REFUSED.values(), ids=REFUSED.keys())


async def change(identity: Identity, headers: dict[str, str], full_name: object) -> str | None:
    """The full name after the change."""
    response = await identity.http.patch("/users/me", json={"full_name": full_name}, headers=headers)
    assert response.status_code == 200, response.text
    account = (await identity.http.get("/users/me", headers=headers)).json()
    assert account == response.json()
    full_name_now: str | None = account["full_name"]
    return full_name_now


@accepted
async def test_registration_takes_a_full_name(identity: Identity, sent: str, stored: str) -> None:
    response = await register(identity, full_name=sent)
    assert (response.status_code, response.json()["full_name"]) == (201, stored)


@pytest.mark.parametrize("members", [{}, {"full_name": None}])
async def test_account_without_a_full_name_has_none(identity: Identity, members: dict[str, None]) -> None:
    response = await register(identity, **members)
    assert (response.status_code, response.json()["full_name"]) == (201, None)


@refused
async def test_registration_refuses_an_invalid_full_name(identity: Identity, full_name: object) -> None:
    assert pointers(await register(identity, full_name=full_name)) == ["/body/full_name"]


@accepted
async def test_full_name_is_changed_and_emptied(identity: Identity, sent: str, stored: str) -> None:
    headers = await identity.signed_in("ada")
    assert await change(identity, headers, sent) == stored
    assert await change(identity, headers, None) is None


@refused
async def test_change_to_an_invalid_full_name_is_refused(identity: Identity, full_name: object) -> None:
    headers = await identity.signed_in("ada")
    response = await identity.http.patch("/users/me", json={"full_name": full_name}, headers=headers)
    assert pointers(response) == ["/body/full_name"]
    assert (await identity.http.get("/users/me", headers=headers)).json()["full_name"] is None


async def test_full_name_stays_if_only_the_username_changes(identity: Identity) -> None:
    headers = await identity.signed_in("ada")
    await change(identity, headers, "Ada Lovelace")
    response = await identity.http.patch("/users/me", json={"username": "countess"}, headers=headers)
    assert (response.json()["username"], response.json()["full_name"]) == ("countess", "Ada Lovelace")


async def test_both_names_are_changed_at_once_or_not_at_all(identity: Identity) -> None:
    await identity.register("eve")
    headers = await identity.signed_in("ada")
    before = (await identity.http.get("/users/me", headers=headers)).json()
    both = {"username": "eve", "full_name": "Ada Lovelace"}
    assert (await identity.http.patch("/users/me", json=both, headers=headers)).status_code == 409
    assert (await identity.http.get("/users/me", headers=headers)).json() == before


async def test_full_name_is_in_no_card_and_no_token(identity: Identity) -> None:
    user_id = (await register(identity, full_name="Ada Lovelace")).json()["id"]
    card = await identity.http.get(f"/users/{user_id}")
    assert card.json() == {"id": user_id, "username": "ada"}
    tokens = await identity.sign_in("ada", resource=IDENTITY_URL)
    assert "Lovelace" not in json.dumps([claims_of(tokens[kind]) for kind in ("access_token", "refresh_token")])


async def test_full_name_is_too_easy_to_guess_as_a_password(identity: Identity) -> None:
    name = "Hieronymus Karl Friedrich"
    assert pointers(await register(identity, full_name=name, password=name)) == ["/body/password"]
    assert (await register(identity, full_name=name)).status_code == 201
    headers = bearer((await identity.sign_in("ada", resource=IDENTITY_URL))["access_token"])
    change = {"current_password": PASSWORD, "new_password": name.lower()}
    response = await identity.http.put("/users/me/password", json=change, headers=headers)
    assert pointers(response) == ["/body/new_password"]


async def test_change_of_the_full_name_is_audited_without_the_name(identity: Identity, databases: Databases) -> None:
    headers = await identity.signed_in("ada")
    user_id = (await identity.http.get("/users/me", headers=headers)).json()["id"]
    for full_name in ("Ada Lovelace", "Ada Lovelace", None):
        await change(identity, headers, full_name)
    entries = await databases.fetch("identity_app", AUDIT)
    assert [(entry["actor"], entry["subject"], entry["detail"]) for entry in entries] == [(user_id, user_id, "{}")] * 2


def test_migration_leaves_users_without_a_full_name_and_lets_the_previous_release_register(
    databases: Databases,
) -> None:
    fresh = Fresh(databases)
    try:
        MIGRATIONS.upgrade(fresh.url("identity_owner"), "0002")
        fresh.ask(INSERT.format("ada"))
        MIGRATIONS.upgrade(fresh.url("identity_owner"), "0003")
        fresh.ask(INSERT.format("eve"))
        assert fresh.ask("SELECT username FROM identity.users WHERE full_name IS NULL ORDER BY 1") == ["ada", "eve"]
    finally:
        fresh.drop()
