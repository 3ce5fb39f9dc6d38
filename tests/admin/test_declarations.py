"""A file that declares roles, services and clients: applied, compared, and applied again."""

import pytest

from identity_service.administration import Administration
from identity_service.roles.errors import LastAdministrator
from tests.admin.answers import refusal_of
from tests.admin.audit import acts, entries_of
from tests.admin.client_requests import make_application, make_client
from tests.admin.declaring import EXAMPLE, NOTES_SECRET, apply, changes_of, recorded
from tests.admin.service_requests import make_service
from tests.identity.receivers import receiver_with_stream
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity

Headers = dict[str, str]

NOTES = "https://notes.example"
CREATIONS = "service.created", "client.created", "role.created"


async def test_example_is_applied_once(identity: Identity, databases: Databases) -> None:
    first = await apply(identity, EXAMPLE)
    assert [(one.kind, one.name, one.is_new) for one in first.differences] == [
        ("service", NOTES, True),
        ("client", "notes", True),
        ("client", "notes-app", True),
        ("role", "librarian", True),
    ]
    assert (first.secrets, first.act) == ({}, None)
    before = await recorded(databases)
    second = await apply(identity, EXAMPLE)
    assert (second.differences, second.secrets, await recorded(databases)) == ([], {}, before)


async def test_what_is_declared_is_there_afterwards(identity: Identity, grace: Headers, databases: Databases) -> None:
    await apply(identity, EXAMPLE)
    services = (await identity.http.get("/admin/services", headers=grace)).json()["items"]
    service = next(one for one in services if one["audience"] == NOTES)
    assert (service["name"], service["client_id"], len(service["scopes"])) == ("Notes", "notes", 2)
    app = (await identity.http.get("/admin/clients/notes-app", headers=grace)).json()
    assert (app["public"], app["application_type"], app["default_audience"]) == (True, "native", NOTES)
    role = (await identity.http.get("/admin/roles/librarian", headers=grace)).json()
    assert (role["permissions"], role["requires_second_factor"]) == (["note:edit_any"], True)
    answer = await identity.token(grant_type="client_credentials", client_id="notes", client_secret=NOTES_SECRET)
    assert answer.status_code == 200
    entries = await entries_of(databases, *CREATIONS)
    assert [(action, before) for _, action, before, _ in entries[-4:]] == [
        ("service.created", None),
        ("client.created", None),
        ("client.created", None),
        ("role.created", None),
    ]
    assert entries[-4][3]["client_id"] == "notes"


async def test_rehearsal_shows_the_difference_and_changes_nothing(identity: Identity, databases: Databases) -> None:
    await make_service(identity, "notes")
    before = await recorded(databases)
    rehearsal = await apply(identity, EXAMPLE, rehearse=True)
    assert changes_of(rehearsal)[f"service {NOTES}"] == {
        "client_id": (None, "notes"),
        "scopes": (
            {"notes:read": "Read your notes"},
            {"notes:read": "Read your notes", "notes:write": "Write, change and delete your notes"},
        ),
        "permissions": (
            {"notes:edit_any": "Change the notes of others"},
            {"note:edit_any": "Change the notes of others"},
        ),
    }
    assert (rehearsal.secrets, rehearsal.act, await recorded(databases)) == ({}, None, before)
    assert await identity.parts.clients.find("notes") is None
    assert changes_of(await apply(identity, EXAMPLE)) == changes_of(rehearsal)


async def test_members_that_are_left_out_stay(identity: Identity, databases: Databases) -> None:
    await apply(identity, EXAMPLE)
    outcome = await apply(
        identity,
        """
        clients:
          notes-app: {name: Jottings, backchannel_logout_uri: null}
        services:
          https://notes.example: {name: Jottings}
        roles:
          librarian: {description: Looks after jottings}
        """,
    )
    assert changes_of(outcome) == {
        f"service {NOTES}": {"name": ("Notes", "Jottings")},
        "client notes-app": {"name": ("Notes on your phone", "Jottings")},
        "role librarian": {"description": ("May change the notes of others", "Looks after jottings")},
    }
    assert [entry[1] for entry in (await acts(databases, "librarian"))] == ["role.created", "role.described"]
    assert [entry[1] for entry in (await acts(databases, "notes-app"))] == ["client.created", "client.changed"]


async def test_order_of_a_list_is_no_difference(identity: Identity) -> None:
    await apply(identity, EXAMPLE)
    text = "clients: {notes: {scopes: [ssf.read, introspect, ssf.manage, ssf.read]}}"
    assert (await apply(identity, text)).differences == []


async def test_requirement_of_a_role_changes_alone_and_stays_if_it_is_left_out(
    identity: Identity, databases: Databases
) -> None:
    await apply(identity, EXAMPLE)
    posts = await receiver_with_stream(identity)
    outcome = await apply(identity, "roles: {librarian: {requires_second_factor: false}, user: {}}")
    assert changes_of(outcome) == {"role librarian": {"requires_second_factor": (True, False)}}
    assert (outcome.act, await posts.kinds()) == (None, [])
    assert [entry[1] for entry in (await acts(databases, "librarian"))] == ["role.created", "role.policy_changed"]
    await apply(identity, "roles: {librarian: {requires_second_factor: true}}")
    outcome = await apply(identity, "roles: {librarian: {permissions: []}}")
    assert changes_of(outcome) == {"role librarian": {"permissions": (["note:edit_any"], [])}}


async def test_change_of_a_role_is_one_event(identity: Identity, databases: Databases) -> None:
    await apply(identity, EXAMPLE)
    posts = await receiver_with_stream(identity)
    before = await recorded(databases)
    outcome = await apply(identity, "roles: {librarian: {permissions: [post:edit_any]}}")
    assert outcome.act is not None
    assert [event.client_id for event in outcome.act.enqueued] == ["posts"]
    assert await posts.kinds() == ["role-changed"]
    after = await recorded(databases)
    assert [later - earlier for later, earlier in zip(after, before, strict=True)] == [1, 1]
    entry = (await acts(databases, "librarian"))[-1]
    assert entry[:2] == ("command line", "role.changed")
    assert (entry[2]["permissions"], entry[3]["permissions"]) == (["note:edit_any"], ["post:edit_any"])


async def test_permission_that_a_service_loses_leaves_roles_that_are_not_named(
    identity: Identity, databases: Databases
) -> None:
    await apply(identity, EXAMPLE)
    outcome = await apply(identity, "services: {'https://notes.example': {permissions: {}}}")
    assert changes_of(outcome)["role librarian"] == {"permissions": (["note:edit_any"], [])}
    assert [entry[1] for entry in (await acts(databases, "librarian"))] == ["role.created", "role.changed"]


async def test_scope_goes_to_another_service_while_no_client_has_it(identity: Identity) -> None:
    await make_service(identity, "notes")
    await make_service(identity, "maps")
    outcome = await apply(
        identity,
        """
        services:
          https://maps.example: {scopes: {"maps:read": Read maps, "notes:read": Read notes}}
          https://notes.example: {scopes: {}}
        """,
    )
    assert len(outcome.differences) == 2
    directory = await identity.parts.services.directory()
    assert directory.audience_by_scope["notes:read"] == "https://maps.example"


async def test_last_administrator_is_not_taken_away(identity: Identity, grace: Headers, databases: Databases) -> None:
    text = """
        roles:
          admin: {permissions: []}
          visitor: {description: A visitor}
    """
    for rehearse in (True, False):
        before = await recorded(databases)
        with pytest.raises(LastAdministrator):
            await apply(identity, text, rehearse=rehearse)
        assert await recorded(databases) == before
    assert refusal_of(await identity.http.get("/admin/roles/visitor", headers=grace)) == (404, "role_not_found")


async def test_administrators_may_move_to_another_role(identity: Identity, grace: Headers) -> None:
    await apply(identity, 'roles: {keeper: {description: Keeper, permissions: ["identity:administer"]}}')
    await Administration(identity.parts).set_roles("grace", ["admin", "keeper"])
    await apply(identity, "roles: {admin: {permissions: []}}")
    with pytest.raises(LastAdministrator):
        await apply(identity, "roles: {keeper: {permissions: []}}")


async def test_client_without_a_variable_gets_a_secret_which_is_shown_once(identity: Identity) -> None:
    text = f"""
        clients:
          robot: {{name: Robot, grants: [client_credentials], scopes: [ssf.read], audiences: ["{IDENTITY_URL}"]}}
    """
    assert (await apply(identity, text, rehearse=True)).secrets == {}
    secret = (await apply(identity, text)).secrets["robot"]
    answer = await identity.token(grant_type="client_credentials", client_id="robot", client_secret=secret)
    assert answer.status_code == 200
    assert (await apply(identity, text)).secrets == {}


async def test_another_secret_in_the_variable_is_added_and_the_former_one_stays(
    identity: Identity, databases: Databases
) -> None:
    await apply(identity, EXAMPLE)
    other = "another-secret-of-the-notes-service"
    outcome = await apply(identity, EXAMPLE, NOTES_CLIENT_SECRET=other)
    assert changes_of(outcome) == {"client notes": {"secrets": (1, 2)}}
    assert outcome.secrets == {}
    for secret in (NOTES_SECRET, other):
        answer = await identity.token(grant_type="client_credentials", client_id="notes", client_secret=secret)
        assert answer.status_code == 200
        # Whichever of the two valid ones the variable has, nothing differs.
        assert (await apply(identity, EXAMPLE, NOTES_CLIENT_SECRET=secret)).differences == []
    assert [entry[1] for entry in (await acts(databases, "notes"))] == ["client.created", "client.secret_added"]


async def test_clients_that_are_not_named_stay(identity: Identity) -> None:
    await make_client(identity, "robot")
    before = await identity.parts.clients.find("robot")
    await apply(identity, EXAMPLE)
    assert await identity.parts.clients.find("robot") == before


async def test_sessions_of_an_earlier_release_are_settled_before_their_client_changes(
    identity: Identity, databases: Databases
) -> None:
    await make_application(identity, "app")
    await identity.register("ada")
    await identity.sign_in("ada", client_id="app")
    await databases.execute("identity_owner", "UPDATE identity.sessions SET names_scopes = NULL")
    text = f"clients: {{app: {{scopes: ['posts:write', account], audiences: ['{IDENTITY_URL}', '{POSTS_URL}']}}}}"
    settled = "SELECT FROM identity.sessions WHERE names_scopes = false"
    await apply(identity, text, rehearse=True)
    assert await databases.fetch("identity_app", settled) == []
    await apply(identity, text)
    assert len(await databases.fetch("identity_app", settled)) == 1
