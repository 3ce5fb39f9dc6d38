"""Services over HTTP: making, reading, changing and deleting them."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from identity_service.administration import Administration
from identity_service.clients.drafts import ClientDraft
from identity_service.recording.cause import BY_COMMAND_LINE
from identity_service.registry.own import OWN_SCOPES, POSTS_SCOPES
from identity_service.roles.values import RoleContent
from tests.admin.answers import flaws_of, refusal_of
from tests.admin.audit import entries_of
from tests.admin.client_requests import client
from tests.admin.service_requests import make_service, service
from tests.identity.answers import claims_of
from tests.identity.obeying import ObeyingService
from tests.identity.receivers import receiver_with_stream
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity

Headers = dict[str, str]

ENTRIES = "service.created", "service.changed", "service.deleted", "role.changed"
NOTES = "https://notes.example"
ROUNDS = 5


async def patch(identity: Identity, service_id: object, headers: Headers, body: Any, **fields: str) -> httpx.Response:
    """Change a service, as it is now."""
    path = f"/admin/services/{service_id}"
    condition = {"If-Match": (await identity.http.get(path, headers=headers)).headers["ETag"]}
    return await identity.http.patch(path, json=body, headers=headers | condition | fields)


async def id_of(identity: Identity, headers: Headers, audience: str) -> str:
    items = (await identity.http.get("/admin/services", headers=headers)).json()["items"]
    return next(str(item["id"]) for item in items if item["audience"] == audience)


async def test_service_is_made_read_changed_and_deleted(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    made = await identity.http.post("/admin/services", json=service("notes"), headers=grace)
    assert made.status_code == 201, made.text
    path, own = made.headers["Location"], service("notes") | {"id": made.json()["id"]}
    assert made.json() == own
    read = await identity.http.get(path, headers=grace)
    assert (read.json(), read.headers["ETag"]) == (own, made.headers["ETag"])
    changes = {"name": "Jottings", "client_id": "posts", "scopes": [{"scope": "notes:write", "description": "Write"}]}
    changed = await patch(identity, own["id"], grace, changes)
    assert changed.status_code == 204, changed.text
    read = await identity.http.get(path, headers=grace)
    assert (read.json(), read.headers["ETag"]) == (own | changes, changed.headers["ETag"])
    unchanged = await identity.http.get(path, headers=grace | {"If-None-Match": changed.headers["ETag"]})
    assert unchanged.status_code == 304
    assert (await patch(identity, own["id"], grace, {"client_id": None, "scopes": []})).status_code == 204
    assert (await identity.http.delete(path, headers=grace)).status_code == 204
    assert refusal_of(await identity.http.get(path, headers=grace)) == (404, "service_not_found")
    acts = [
        (action, before and before["name"], after and after["name"])
        for _, action, before, after in await entries_of(databases, *ENTRIES)
    ]
    assert acts == [
        ("service.created", None, "Notes"),
        ("service.changed", "Notes", "Jottings"),
        ("service.changed", "Jottings", "Jottings"),
        ("service.deleted", "Jottings", None),
    ]


async def test_list_has_every_service_once_over_its_pages(identity: Identity, grace: Headers) -> None:
    for word in ("notes", "tasks", "maps"):
        await make_service(identity, word)
    path, audiences = "/admin/services?limit=2", list[str]()
    while path:
        answer = await identity.http.get(path, headers=grace)
        audiences += [item["audience"] for item in answer.json()["items"]]
        path = answer.links.get("next", {}).get("url", "")
    assert sorted(audiences[:2]) == sorted([IDENTITY_URL, POSTS_URL])
    assert audiences[2:] == ["https://notes.example", "https://tasks.example", "https://maps.example"]


FAULTY = {
    "audience that is no URL": (service("notes", audience="notes"), [("/body/audience", "invalid")]),
    "audience with NUL": (service("notes", audience=f"{NOTES}/\x00"), [("/body/audience", "string_pattern_mismatch")]),
    "long audience": (service("notes", audience=f"{NOTES}/{'a' * 500}"), [("/body/audience", "string_too_long")]),
    "blank name": (service("notes", name=" "), [("/body/name", "invalid")]),
    "long name": (service("notes", name="a" * 201), [("/body/name", "string_too_long")]),
    "unknown client": (service("notes", client_id="nobody"), [("/body/client_id", "invalid")]),
    "scope of another service": (
        service("notes", scopes=[{"scope": "posts:write", "description": "Write"}]),
        [("/body/scopes/0/scope", "invalid")],
    ),
    "scope twice": (
        service("notes", scopes=[{"scope": "notes:read", "description": "Read"}] * 2),
        [("/body/scopes/1/scope", "invalid")],
    ),
    "several at once": (
        service("notes", name="", permissions=[{"permission": "a b", "description": ""}]),
        [
            ("/body/name", "invalid"),
            ("/body/permissions/0/permission", "invalid"),
            ("/body/permissions/0/description", "invalid"),
        ],
    ),
    "null for scopes": (service("notes", scopes=None), [("/body/scopes", "list_type")]),
    "many scopes": (
        service("notes", scopes=[{"scope": "a", "description": "b"}] * 201),
        [("/body/scopes", "too_long")],
    ),
}


@pytest.mark.parametrize("fault", FAULTY)
async def test_faulty_service_is_refused_with_the_place_of_each_fault(
    identity: Identity, grace: Headers, fault: str
) -> None:
    body, flaws = FAULTY[fault]
    assert flaws_of(await identity.http.post("/admin/services", json=body, headers=grace)) == flaws


@pytest.mark.parametrize(
    ("member", "code"), [("name", "string_type"), ("scopes", "list_type"), ("permissions", "list_type")]
)
async def test_null_is_not_absent(identity: Identity, grace: Headers, member: str, code: str) -> None:
    notes = await make_service(identity, "notes")
    assert flaws_of(await patch(identity, notes.id, grace, {member: None})) == [(f"/body/{member}", code)]


async def test_audience_never_changes_and_is_that_of_one_service(identity: Identity, grace: Headers) -> None:
    notes = await make_service(identity, "notes")
    assert flaws_of(await patch(identity, notes.id, grace, {"audience": NOTES})) == [
        ("/body/audience", "extra_forbidden")
    ]
    again = await identity.http.post("/admin/services", json=service("notes"), headers=grace)
    assert refusal_of(again) == (409, "service_exists")


async def test_service_of_an_earlier_release_can_be_renamed(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    notes = await make_service(identity, "notes")
    await databases.execute("identity_owner", "UPDATE identity.service_scopes SET description = ''")
    assert (await patch(identity, notes.id, grace, {"name": "Jottings"})).status_code == 204


async def test_change_names_the_version_that_it_is_of(identity: Identity, grace: Headers) -> None:
    path = f"/admin/services/{(await make_service(identity, 'notes')).id}"
    assert (await identity.http.patch(path, json={"name": "Jottings"}, headers=grace)).status_code == 428
    condition = grace | {"If-Match": (await identity.http.get(path, headers=grace)).headers["ETag"]}
    changes = ({"name": "Jottings"}, {"name": "Memos"})
    answers = await asyncio.gather(*(identity.http.patch(path, json=body, headers=condition) for body in changes))
    assert sorted(answer.status_code for answer in answers) == [204, 412]
    assert (await identity.http.delete(path, headers=condition)).status_code == 412


async def test_unknown_service_is_not_there(identity: Identity, grace: Headers) -> None:
    path, headers = f"/admin/services/{uuid4()}", grace | {"If-Match": "*"}
    answers = [
        await identity.http.get(path, headers=headers),
        await identity.http.patch(path, json={}, headers=headers),
        await identity.http.delete(path, headers=headers),
    ]
    assert [refusal_of(answer) for answer in answers] == [(404, "service_not_found")] * 3
    assert (await identity.http.get("/admin/services/notes", headers=grace)).status_code == 422


async def test_permission_that_a_service_loses_leaves_each_role_in_one_event(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    notes = await make_service(identity, "notes")
    for name in ("editor", "corrector"):
        content = RoleContent(None, ["notes:edit_any", "post:edit_any"])
        await identity.parts.roles.create(name, "Edits", content, BY_COMMAND_LINE)
    await identity.register("ada")
    await Administration(identity.parts).set_roles("ada", ["user", "editor"])
    token = (await identity.sign_in("ada"))["access_token"]
    posts = await ObeyingService.of(identity)
    await posts.receive()
    events = len(posts.revocations)
    changed = await patch(identity, notes.id, grace, {"permissions": []})
    assert changed.status_code == 204, changed.text
    await posts.receive()
    assert (len(posts.revocations) - events, await posts.accepts(token)) == (2, False)
    assert claims_of((await identity.sign_in("ada"))["access_token"])["permissions"] == ["post:edit_any"]
    entries = await entries_of(databases, "role.changed")
    assert [(subject, after["permissions"]) for subject, _, _, after in entries] == [
        ("corrector", ["post:edit_any"]),
        ("editor", ["post:edit_any"]),
    ]


async def test_deleted_service_takes_its_permissions_along(identity: Identity, grace: Headers) -> None:
    notes = await make_service(identity, "notes")
    await identity.parts.roles.create("editor", "Edits", RoleContent(None, ["notes:edit_any"]), BY_COMMAND_LINE)
    posts = await receiver_with_stream(identity)
    await posts.acknowledge()
    path = f"/admin/services/{notes.id}"
    assert (await identity.http.delete(path, headers=grace)).status_code == 204
    assert await posts.kinds() == ["role-changed"]
    assert (await identity.http.get("/admin/roles/editor", headers=grace)).json()["permissions"] == []
    assert "notes:edit_any" not in (await identity.http.get("/admin/permissions", headers=grace)).text


async def test_scope_and_service_stay_while_a_client_may_ask_for_them(identity: Identity, grace: Headers) -> None:
    notes = await make_service(identity, "notes")
    draft = ClientDraft("robot", "Robot", "a-secret", ["client_credentials"], ["notes:read"], [NOTES])
    await Administration(identity.parts).create_client(draft)
    form = {"grant_type": "client_credentials", "client_id": "robot", "client_secret": "a-secret"}
    assert refusal_of(await patch(identity, notes.id, grace, {"scopes": []})) == (409, "scope_in_use")
    deleted = await identity.http.delete(f"/admin/services/{notes.id}", headers=grace)
    assert refusal_of(deleted) == (409, "service_in_use")
    assert (await identity.token(**form)).json()["scope"] == "notes:read"


async def test_what_every_installation_has_stays(identity: Identity, grace: Headers) -> None:
    refused = (409, "service_needed")
    for audience, scopes in ((IDENTITY_URL, OWN_SCOPES), (POSTS_URL, POSTS_SCOPES)):
        service_id = await id_of(identity, grace, audience)
        assert refusal_of(await patch(identity, service_id, grace, {"permissions": []})) == refused
        left = [{"scope": scope, "description": text} for scope, text in sorted(scopes.items())[1:]]
        assert refusal_of(await patch(identity, service_id, grace, {"scopes": left})) == refused
        deleted = await identity.http.delete(f"/admin/services/{service_id}", headers=grace)
        assert refusal_of(deleted) == refused
    assert refusal_of(await patch(identity, service_id, grace, {"client_id": None})) == refused
    assert (await patch(identity, service_id, grace, {"name": "Our posts"})).status_code == 204


async def test_same_members_change_nothing(identity: Identity, grace: Headers, databases: Databases) -> None:
    notes = await make_service(identity, "notes")
    body = {member: service("notes")[member] for member in ("name", "scopes", "permissions", "client_id")}
    answer = await patch(identity, notes.id, grace, body, Prefer="wait=5")
    assert answer.json() == {"obeyed": [], "outstanding": []}
    assert len(await entries_of(databases, *ENTRIES)) == 1


async def test_service_that_is_deleted_while_a_client_gets_its_scope_is_not_both(
    identity: Identity, grace: Headers
) -> None:
    for number in range(ROUNDS):
        word = f"notes{number}"
        path = f"/admin/services/{(await make_service(identity, word)).id}"
        body = client(f"app{number}", scopes=[f"{word}:read"], audiences=[f"https://{word}.example"])
        deleted, made = await asyncio.gather(
            identity.http.delete(path, headers=grace), identity.http.post("/admin/clients", json=body, headers=grace)
        )
        assert (deleted.status_code, made.status_code) in ((204, 422), (409, 201)), (deleted.text, made.text)
