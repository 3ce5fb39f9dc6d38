"""python -m identity_service roles and permissions: what people with a role may do."""

import pytest

from identity_service.roles.errors import LastAdministrator, PermissionUnknown, RoleExists, RoleNeeded, RoleNotFound
from tests.identity.client_lines import answer, run
from tests.identity.receivers import receiver_with_stream
from tests.identity.test_prefer_acts import acknowledging
from tests.support.databases import Databases
from tests.support.services import Identity
from watchword.errors import AppError, Invalid
from watchword.service.commands import WrongUsage

pytestmark = pytest.mark.usefixtures("seeded_roles")

EDITOR = "roles create editor --description 'Edits posts' --permission post:edit_any"
ACTS = "SELECT action FROM identity.audit_entries WHERE actor = 'command line' ORDER BY id"


async def acts(databases: Databases) -> list[str]:
    return [row["action"] for row in await databases.fetch("identity_app", ACTS)]


async def test_role_is_made_shown_listed_changed_and_deleted(identity: Identity, databases: Databases) -> None:
    made = await answer(identity, EDITOR)
    assert made.text == "The role editor: Edits posts\nPermissions: post:edit_any."
    shown = await answer(identity, "roles show editor")
    assert (shown.document, shown.text) == (made.document, made.text)
    pages = await answer(identity, "roles list --limit 1")
    while pages.document.next is not None and pages.document.items[0].name != "editor":
        assert pages.text.endswith(f"add --cursor {pages.document.next}")
        pages = await answer(identity, f"roles list --limit 1 --cursor {pages.document.next}")
    assert pages.document.items == [made.document]
    for _ in range(2):
        said = await answer(identity, "roles change editor --description Changes --no-permissions")
        assert (said.document["description"], said.document["permissions"]) == ("Changes", [])
    said = await answer(identity, "roles change editor --permission post:delete_any --permission post:edit_any")
    assert said.document["description"] == "Changes"
    assert said.document["permissions"] == ["post:delete_any", "post:edit_any"]
    assert (await answer(identity, "roles change editor --description Again")).document["obeyed"] is None
    assert (await run(identity, "roles delete editor")).startswith("The role editor is deleted, and nobody has it.")
    changes = ["role.changed", "role.changed", "role.described", "role.deleted"]
    assert await acts(databases) == ["role.created", *changes]


async def test_requirement_of_a_second_factor_is_set_and_taken_back_alone(
    identity: Identity, databases: Databases
) -> None:
    made = await answer(identity, f"{EDITOR} --requires-second-factor")
    assert made.text.endswith("\nPeople who have it must sign in with a second factor.")
    said = await answer(identity, "roles change editor --description Changes")
    assert said.document["requires_second_factor"] is True
    said = await answer(identity, "roles change editor --no-requires-second-factor")
    assert said.text == "The role editor: Changes\nPermissions: post:edit_any."
    assert said.document["requires_second_factor"] is False
    said = await answer(identity, "roles change editor --requires-second-factor")
    assert said.document["permissions"] == ["post:edit_any"]
    assert await acts(databases) == ["role.created", "role.described", *["role.policy_changed"] * 2]


@pytest.mark.parametrize(
    ("line", "error", "fault"),
    [
        ("roles show emperor", RoleNotFound, "there is no role emperor"),
        ("roles change emperor --no-permissions", RoleNotFound, "there is no role emperor"),
        ("roles delete emperor", RoleNotFound, "there is no role emperor"),
        ("roles delete user", RoleNeeded, "cannot be deleted"),
        (EDITOR.replace("editor", "user"), RoleExists, "there is a role user already"),
        (EDITOR.replace("editor", "Editor"), Invalid, "name: "),
        (EDITOR.replace("'Edits posts'", "' '"), Invalid, "description: "),
        (EDITOR.replace("post:edit_any", "post:burn"), PermissionUnknown, "there is no permission post:burn"),
        ("roles change user --permission post:burn", PermissionUnknown, "there is no permission post:burn"),
        ("roles change user --description ''", Invalid, "description: "),
    ],
)
async def test_refused_command_changes_nothing(
    identity: Identity, databases: Databases, line: str, error: type[AppError], fault: str
) -> None:
    with pytest.raises(error, match=fault):
        await run(identity, line)
    assert await acts(databases) == []


@pytest.mark.parametrize("options", ["", "--no-permissions --permission post:edit_any"])
async def test_change_of_nothing_or_of_both_is_wrong_usage(identity: Identity, options: str) -> None:
    with pytest.raises(WrongUsage):
        await run(identity, f"roles change user {options}")


async def test_role_of_the_last_administrator_keeps_its_permission(identity: Identity) -> None:
    await run(identity, "users create ada --email ada@example.com --role admin")
    with pytest.raises(LastAdministrator):
        await run(identity, "roles change admin --no-permissions")


async def test_act_that_waits_says_who_obeys(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    await run(identity, EDITOR)
    said = await answer(identity, "roles change editor --no-permissions --wait 0")
    assert said.document["outstanding"] == ["posts"]
    async with acknowledging(posts):
        said = await answer(identity, "roles delete editor --wait 10")
    assert [one.service for one in said.document["obeyed"]] == ["posts"]


async def test_permissions_are_listed_with_the_service_that_reads_them(identity: Identity) -> None:
    said = await answer(identity, "permissions list")
    assert "identity:administer" in [one.permission for one in said.document]
    assert "post:edit_any  Change the posts of others  (http://localhost:8002)" in said.text.splitlines()
