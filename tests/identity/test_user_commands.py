"""python -m identity_service users: what administrators do to accounts."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic_core import to_json

from identity_service.errors import UserNotFound
from identity_service.roles.errors import LastAdministrator, RoleUnknown
from tests.identity.answers import claims_of
from tests.identity.client_lines import answer, run
from tests.identity.receivers import receiver_with_stream
from tests.identity.test_prefer_acts import acknowledging
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Identity
from watchword.errors import AppError, Invalid
from watchword.http.keyset import InvalidCursor
from watchword.service.commands import WrongUsage

ACTS = (
    "SELECT action, subject, detail->>'why' AS why FROM identity.audit_entries WHERE actor = 'command line' ORDER BY id"
)


async def acts(databases: Databases) -> list[str]:
    return [row["action"] for row in await databases.fetch("identity_app", ACTS)]


async def create(identity: Identity, name: str, *options: str) -> str:
    """The id of an account that the command makes."""
    made = await answer(identity, f"users create {name} --email {name}@example.com {' '.join(options)}")
    return str(made.document["id"])


async def test_account_is_made_shown_and_found_by_name_address_and_id(identity: Identity, databases: Databases) -> None:
    made = await answer(identity, "users create Ada --email ada@example.com --role admin")
    assert made.text.splitlines()[0] == "Ada has an account, with the roles: admin, user."
    assert made.text.splitlines()[-1] == f"Password, shown only now: {made.document['password']}"
    assert made.document["must_change_password"] is True
    ada = str(made.document["id"])
    for named in ("ada", "ADA@example.com", ada):
        shown = await answer(identity, f"users show {named}")
        assert str(shown.document.id) == ada
        assert f"Id: {ada}\nUsername: Ada\n" in shown.text
    for named in ("grace", "grace@example.com", str(uuid4())):
        with pytest.raises(UserNotFound):
            await run(identity, f"users show {named}")
    assert await acts(databases) == ["user.created"]


async def test_username_that_is_nearly_an_id_names_its_account_and_no_other(identity: Identity) -> None:
    ada = await create(identity, "ada")
    eve = await create(identity, ada.replace("-", ""))
    assert str((await answer(identity, f"users show {ada}")).document.id) == ada
    assert str((await answer(identity, f"users show {ada.replace('-', '')}")).document.id) == eve


@pytest.mark.parametrize(
    ("line", "error", "fault"),
    [
        ("users create ada --email ada@example.com --role emperor", RoleUnknown, "there is no role emperor"),
        ("users create ab --email ada@example.com", Invalid, "username: "),
        ("users create ada --email ada", Invalid, "email: "),
        ("users set-roles nobody user", UserNotFound, "there is no user nobody"),
        ("users list --cursor x", InvalidCursor, "ursor"),
    ],
)
async def test_refused_command_changes_nothing(
    identity: Identity, databases: Databases, line: str, error: type[AppError], fault: str
) -> None:
    with pytest.raises(error, match=fault):
        await run(identity, line)
    assert await acts(databases) == []
    assert await databases.fetch("identity_app", "SELECT FROM identity.users") == []


async def test_accounts_are_listed_in_pages_and_filtered(identity: Identity) -> None:
    for name in ("ada", "alan", "grace"):
        await create(identity, name, *(["--role", "moderator"] if name == "grace" else []))
    first = await answer(identity, "users list --limit 2")
    assert [item.username for item in first.document.items] == ["grace", "alan"]
    assert first.text.splitlines()[-1] == f"There are more: add --cursor {first.document.next}"
    rest = await answer(identity, f"users list --limit 2 --cursor {first.document.next}")
    assert ([item.username for item in rest.document.items], rest.document.next) == (["ada"], None)
    for query, names in {
        "--q A": ["ada", "alan"],
        "--role moderator": ["grace"],
        "--state disabled": [],
    }.items():
        assert [item.username for item in (await answer(identity, f"users list {query}")).document.items] == names
    assert await run(identity, "users list --state disabled") == "There is no such account."


async def test_roles_are_set_to_exactly_those_named_and_twice_changes_nothing(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    for _ in range(2):
        said = await answer(identity, "users set-roles ADA user moderator")
        assert said.document == {"roles": ["moderator", "user"], "obeyed": None, "outstanding": None}
    assert claims_of((await identity.sign_in("ada"))["access_token"])["roles"] == ["moderator", "user"]
    assert (await answer(identity, "users set-roles ada")).document["roles"] == []
    with pytest.raises(RoleUnknown, match="there is no role emperor"):
        await run(identity, "users set-roles ada emperor")
    assert await acts(databases) == ["user.roles_changed"] * 2


async def test_act_that_waits_says_who_obeys_and_who_is_outstanding(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    await identity.signed_in("ada")
    said = await answer(identity, "users end-sessions ada --wait 0")
    assert said.text == "All sessions of ada have ended.\nObeyed by: none. Outstanding: posts."
    async with acknowledging(posts):
        said = await answer(identity, "users disable ada --wait 10")
        assert [one.service for one in said.document["obeyed"]] == ["posts"]
        assert said.document["outstanding"] == []
        assert (await answer(identity, "users disable ada --wait 10")).document["obeyed"] == []
        said = await answer(identity, "users delete ada --yes --wait 10")
    assert [one.service for one in said.document["obeyed"]] == ["posts"]
    assert said.document["outstanding"] == []


async def test_password_is_set_sessions_end_and_the_person_must_change_it(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    tokens = await identity.sign_in("ada")
    said = await answer(identity, "users set-password ada@example.com")
    password = said.document["password"]
    assert said.text.endswith(f"\nPassword, shown only now: {password}")
    assert (await identity.refresh(tokens["refresh_token"])).status_code == 400
    refusal = await identity.token(grant_type="password", username="ada", password=password)
    assert "/account/password" in refusal.json()["error_description"]
    assert "user.password_changed" in await acts(databases)


async def test_account_is_deleted_only_with_a_word_from_somebody(identity: Identity, databases: Databases) -> None:
    ada = await create(identity, "ada")
    with pytest.raises(WrongUsage, match="write --yes to delete ada"):
        await run(identity, "users delete ada")
    said = await answer(identity, f"users delete {ada} --yes")
    again = await answer(identity, f"users delete {ada} --yes")
    assert said.document["receipt"] == again.document["receipt"]
    with pytest.raises(UserNotFound, match="there is no user ada"):
        await run(identity, "users delete ada --yes")
    assert await acts(databases) == ["user.created", "user.deleted"]


async def test_reset_is_sent_as_a_letter(clean_databases: Databases, tmp_path: Path) -> None:
    async with services.identity(clean_databases, mail_folder=tmp_path) as identity:
        await create(identity, "ada")
        assert (await run(identity, "users send-password-reset ada")).startswith("ada gets a letter.")
        assert "user.password_reset_requested" in await acts(clean_databases)


async def test_last_administrator_stays(identity: Identity) -> None:
    await create(identity, "ada", "--role", "admin")
    for line in ("disable ada", "delete ada --yes", "set-roles ada user"):
        with pytest.raises(LastAdministrator):
            await run(identity, f"users {line}")
    await create(identity, "grace", "--role", "admin")
    assert (await run(identity, "users delete ada --yes")).startswith("ada is deleted.")


async def test_documents_are_json(identity: Identity) -> None:
    await create(identity, "ada")
    document = json.loads(to_json((await answer(identity, "users show ada")).document))
    assert (document["username"], document["roles"], document["sessions"]) == ("ada", ["user"], 0)
