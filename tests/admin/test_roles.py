"""Roles over HTTP: making, reading, changing and deleting them."""

import asyncio
from typing import Any

import httpx
import pytest

from identity_service.administration import Administration
from identity_service.roles.administrators import any_remains
from identity_service.roles.errors import LastAdministrator, RoleNotFound
from identity_service.roles.values import MAX_PERMISSION_CHARACTERS, RoleContent
from identity_service.services.drafts import ServiceDraft
from tests.admin.answers import flaws_of
from tests.admin.audit import entries_of
from tests.admin.callers import signed_in
from tests.admin.role_requests import DELETE, EDIT, make_role, role
from tests.identity.answers import claims_of
from tests.identity.obeying import ObeyingService
from tests.identity.receivers import receiver_with_stream
from tests.support.databases import Databases
from tests.support.services import POSTS_URL, Identity

Headers = dict[str, str]

ADMINISTER = "identity:administer"
ROLE_ENTRIES = "role.created", "role.described", "role.changed", "role.deleted"
HOLDERS = """
    WITH people AS (
        INSERT INTO identity.users (username, email, password_hash)
        SELECT 'person' || n, 'person' || n || '@example.com', '' FROM generate_series(1, $2::int) n RETURNING id
    )
    INSERT INTO identity.user_roles SELECT id, $1 FROM people
"""
HELD = "SELECT count(*) AS number FROM identity.user_roles WHERE role = $1"


async def put(identity: Identity, name: str, headers: Headers, body: dict[str, Any], **fields: str) -> httpx.Response:
    """Replace a role, as it is now."""
    read = await identity.http.get(f"/admin/roles/{name}", headers=headers)
    condition = {"If-Match": read.headers["ETag"]}
    return await identity.http.put(f"/admin/roles/{name}", json=body, headers=headers | condition | fields)


async def test_role_is_made_read_changed_and_deleted(identity: Identity, grace: Headers, databases: Databases) -> None:
    made = await identity.http.post("/admin/roles", json=role(name="editor"), headers=grace)
    assert (made.status_code, made.headers["Location"]) == (201, "/admin/roles/editor")
    assert made.json() == {"name": "editor", **role()}
    read = await identity.http.get("/admin/roles/editor", headers=grace)
    assert (read.json(), read.headers["ETag"]) == (made.json(), made.headers["ETag"])
    changed = await put(identity, "editor", grace, role(permissions=[DELETE, EDIT, DELETE]))
    read = await identity.http.get("/admin/roles/editor", headers=grace)
    assert changed.status_code == 204
    assert (read.json()["permissions"], read.headers["ETag"]) == ([DELETE, EDIT], changed.headers["ETag"])
    deleted = await identity.http.delete("/admin/roles/editor", headers=grace)
    assert deleted.status_code == 204
    assert (await identity.http.get("/admin/roles/editor", headers=grace)).status_code == 404
    before, after = role(), role(permissions=[DELETE, EDIT])
    assert await entries_of(databases, *ROLE_ENTRIES) == [
        ("editor", "role.created", None, before),
        ("editor", "role.changed", before, after),
        ("editor", "role.deleted", after, None),
    ]


async def test_reader_who_has_the_role_already_is_told_so(identity: Identity, grace: Headers) -> None:
    tag = (await identity.http.get("/admin/roles/user", headers=grace)).headers["ETag"]
    again = await identity.http.get("/admin/roles/user", headers=grace | {"If-None-Match": tag})
    assert (again.status_code, again.headers["ETag"], again.headers["Cache-Control"]) == (304, tag, "no-store")


async def test_list_has_every_role_once_over_its_pages(identity: Identity, grace: Headers) -> None:
    for _ in range(4):
        await make_role(identity)
    path, names = "/admin/roles?limit=3", list[str]()
    while path:
        answer = await identity.http.get(path, headers=grace)
        names += [item["name"] for item in answer.json()["items"]]
        assert ("next" in answer.links) == (answer.json()["next"] is not None)
        path = answer.links.get("next", {}).get("url", "")
    assert names == sorted(set(names))
    assert {"admin", "moderator", "user"} < set(names)
    assert len(names) == 7


@pytest.mark.parametrize("cursor", ["", "x", "====", "AAAAAAAA", "\x00"])
async def test_cursor_that_no_page_had_is_refused(identity: Identity, grace: Headers, cursor: str) -> None:
    answer = await identity.http.get("/admin/roles", params={"cursor": cursor}, headers=grace)
    assert flaws_of(answer)[0][0] == "/query/cursor"


async def test_description_alone_is_no_event_and_the_same_role_no_change(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    name = await make_role(identity)
    posts = await receiver_with_stream(identity)
    await posts.acknowledge()
    for _ in range(2):
        answer = await put(identity, name, grace, role(description="Edits"), Prefer="wait=5")
        assert answer.json() == {"obeyed": [], "outstanding": []}
    for _ in range(2):
        assert (await put(identity, name, grace, role(description="Corrects"))).status_code == 204
    assert await posts.events() == []
    (_, described) = await entries_of(databases, *ROLE_ENTRIES)
    assert described == (name, "role.described", role(description="Edits"), role(description="Corrects"))


async def test_requirement_of_a_second_factor_is_no_event_and_stays_if_it_is_left_out(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    name = await make_role(identity)
    posts = await receiver_with_stream(identity)
    await posts.acknowledge()
    required = role(description="Edits", requires_second_factor=True)
    left_out = {"description": "Edits", "permissions": [EDIT]}
    for body in (required, left_out):
        answer = await put(identity, name, grace, body, Prefer="wait=5")
        assert answer.json() == {"obeyed": [], "outstanding": []}
        assert (await identity.http.get(f"/admin/roles/{name}", headers=grace)).json() == {"name": name, **required}
    assert await posts.events() == []
    before = {**required, "requires_second_factor": False}
    assert await entries_of(databases, "role.policy_changed") == [(name, "role.policy_changed", before, required)]
    changed = await put(identity, name, grace, role(description="Edits", permissions=[DELETE]))
    assert changed.status_code == 204
    (entry,) = await entries_of(databases, "role.changed")
    assert entry[2:] == (required, role(description="Edits", permissions=[DELETE]))


async def test_permission_that_no_service_declares_is_refused_by_its_place(identity: Identity, grace: Headers) -> None:
    body = role(name="editor", permissions=[EDIT, "post:burn", DELETE, "post:eat"])
    answer = await identity.http.post("/admin/roles", json=body, headers=grace)
    unknown = [("/body/permissions/1", "permission_unknown"), ("/body/permissions/3", "permission_unknown")]
    assert flaws_of(answer) == unknown
    assert [flaw["detail"] for flaw in answer.json()["errors"]] == [
        "There is no permission post:burn.",
        "There is no permission post:eat.",
    ]
    assert (await identity.http.get("/admin/roles/editor", headers=grace)).status_code == 404
    name = await make_role(identity)
    assert flaws_of(await put(identity, name, grace, role(permissions=body["permissions"]))) == unknown


FAULTY = {
    "name in capitals": (role(name="Editor"), "/body/name"),
    "empty name": (role(name=""), "/body/name"),
    "name with a slash": (role(name="a/b"), "/body/name"),
    "name with NUL": (role(name="a\x00"), "/body/name"),
    "name with a line break": (role(name="a\n"), "/body/name"),
    "long name": (role(name="a" * 64), "/body/name"),
    "no name": (role(), "/body/name"),
    "null description": (role(name="editor", description=None), "/body/description"),
    "blank description": (role(name="editor", description=" \u200b "), "/body/description"),
    "description with NUL": (role(name="editor", description="a\x00b"), "/body/description"),
    "long description": (role(name="editor", description="a" * 501), "/body/description"),
    "permissions of null": (role(name="editor", permissions=None), "/body/permissions"),
    "permission with NUL": (role(name="editor", permissions=["a\x00"]), "/body/permissions/0"),
    "long permission": (role(name="editor", permissions=["a" * 201]), "/body/permissions/0"),
    "many permissions": (role(name="editor", permissions=[EDIT] * 201), "/body/permissions"),
    "requirement of null": (role(name="editor", requires_second_factor=None), "/body/requires_second_factor"),
    "requirement in words": (role(name="editor", requires_second_factor="yes"), "/body/requires_second_factor"),
    "unknown member": (role(name="editor", holders=3), "/body/holders"),
}


@pytest.mark.parametrize("fault", FAULTY)
async def test_faulty_role_is_refused_with_its_place(identity: Identity, grace: Headers, fault: str) -> None:
    body, pointer = FAULTY[fault]
    answer = await identity.http.post("/admin/roles", json=body, headers=grace)
    assert [place for place, _ in flaws_of(answer)] == [pointer]


async def test_role_whose_permissions_no_token_could_carry_is_refused(identity: Identity, grace: Headers) -> None:
    words = [f"{number:03}{'x' * 190}" for number in range(MAX_PERMISSION_CHARACTERS // 193 + 1)]
    texts = dict.fromkeys(words, "Allows something")
    await identity.parts.services.upsert(ServiceDraft(POSTS_URL, "Posts", permissions=texts), keep_texts=True)
    body = role(name="editor", permissions=words)
    answer = await identity.http.post("/admin/roles", json=body, headers=grace)
    assert flaws_of(answer) == [("/body/permissions", "role_too_large")]


async def test_name_is_that_of_one_role(identity: Identity, grace: Headers) -> None:
    names = ["editor"] * 4
    answers = await asyncio.gather(
        *(identity.http.post("/admin/roles", json=role(name=name), headers=grace) for name in names)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_change_names_the_version_that_it_is_of(identity: Identity, grace: Headers) -> None:
    name = await make_role(identity)
    path, stale = f"/admin/roles/{name}", (await identity.http.get(f"/admin/roles/{name}", headers=grace)).headers
    assert (await identity.http.put(path, json=role(), headers=grace)).status_code == 428
    condition = grace | {"If-Match": stale["ETag"]}
    answers = await asyncio.gather(
        *(
            identity.http.put(path, json=role(permissions=[word]), headers=condition)
            for word in ("post:unpublish_any", DELETE)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [204, 412]
    assert (await identity.http.delete(path, headers=condition)).status_code == 412
    assert (await identity.http.get(path, headers=condition)).status_code == 412
    assert (await identity.http.put(path, json=role(), headers=grace | {"If-Match": "*"})).status_code == 204


@pytest.mark.parametrize("name", ["nobody", "a%20role", "a" * 3000])
async def test_unknown_role_is_not_there(identity: Identity, grace: Headers, name: str) -> None:
    headers = grace | {"If-Match": "*"}
    path = f"/admin/roles/{name}"
    answers = [
        await identity.http.get(path, headers=headers),
        await identity.http.put(path, json=role(), headers=headers),
        await identity.http.delete(path, headers=headers),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "role_not_found")] * 3


async def test_role_that_the_service_gives_is_not_deleted(identity: Identity, grace: Headers) -> None:
    for name in ("user", "admin"):
        answer = await identity.http.delete(f"/admin/roles/{name}", headers=grace)
        assert (answer.status_code, answer.json()["code"]) == (409, "role_needed")


async def test_changed_role_is_refused_by_tokens_and_one_event_for_thousands(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    name = await make_role(identity, EDIT, DELETE)
    await identity.register("ada")
    await Administration(identity.parts).set_roles("ada", ["user", name])
    await databases.execute("identity_owner", HOLDERS, name, 5_000)
    token = (await identity.sign_in("ada"))["access_token"]
    posts = await ObeyingService.of(identity)
    await posts.receive()
    assert await posts.accepts(token)
    before = len(posts.revocations)
    assert (await put(identity, name, grace, role(permissions=[EDIT]))).status_code == 204
    await posts.receive()
    assert (len(posts.revocations), await posts.accepts(token)) == (before + 1, False)
    fresh = claims_of((await identity.sign_in("ada"))["access_token"])
    assert fresh["permissions"] == [EDIT]


async def test_role_of_thousands_is_deleted_in_one_event(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    name = await make_role(identity)
    await databases.execute("identity_owner", HOLDERS, name, 12_000)
    posts = await receiver_with_stream(identity)
    await posts.acknowledge()
    assert (await identity.http.delete(f"/admin/roles/{name}", headers=grace)).status_code == 204
    assert [row["number"] for row in await databases.fetch("identity_app", HELD, name)] == [0]
    assert await posts.kinds() == ["role-changed"]


async def test_token_of_a_role_that_is_made_again_is_accepted_and_that_of_the_former_one_is_not(
    identity: Identity, grace: Headers
) -> None:
    await identity.register("ada")
    posts = await ObeyingService.of(identity)
    await posts.receive()
    tokens = []
    for _ in range(2):
        made = await identity.http.post("/admin/roles", json=role(name="editor"), headers=grace)
        assert made.status_code == 201
        await Administration(identity.parts).set_roles("ada", ["user", "editor"])
        await posts.receive()
        tokens.append((await identity.sign_in("ada"))["access_token"])
        assert await posts.accepts(tokens[-1])
        if len(tokens) == 1:
            await identity.http.delete("/admin/roles/editor", headers=grace)
            await posts.receive()
    assert [await posts.accepts(token) for token in tokens] == [False, True]


async def test_last_administrator_keeps_the_permission(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    refused = await put(identity, "admin", grace, role())
    assert (refused.status_code, refused.json()["code"]) == (409, "last_administrator")
    with pytest.raises(LastAdministrator):
        await Administration(identity.parts).change_role("admin", RoleContent(None, [EDIT]))
    assert await entries_of(databases, *ROLE_ENTRIES) == []
    # Somebody else administers by another role.
    name = await make_role(identity, ADMINISTER)
    await identity.register("ada")
    await Administration(identity.parts).set_roles("ada", ["user", name])
    assert (await put(identity, "admin", grace, role())).status_code == 204
    with pytest.raises(LastAdministrator):
        await Administration(identity.parts).delete_role(name)


async def test_two_administrators_who_take_each_other_away_leave_one(identity: Identity, grace: Headers) -> None:
    name = await make_role(identity, ADMINISTER)
    await identity.register("ada")
    await Administration(identity.parts).set_roles("ada", ["user", name])
    ada = await signed_in(identity, "ada")
    answers = await asyncio.gather(
        identity.http.put("/admin/roles/admin", json=role(), headers=ada | {"If-Match": "*"}),
        identity.http.delete(f"/admin/roles/{name}", headers=grace),
    )
    # Who comes second is refused by the rule, or is no administrator any more.
    assert sorted(answer.status_code for answer in answers) in ([204, 409], [204, 401])
    async with identity.parts.database.begin() as db:
        assert await any_remains(db)


async def test_commands_that_take_each_other_away_at_once_leave_one(identity: Identity, grace: Headers) -> None:
    name = await make_role(identity, ADMINISTER)
    await identity.register("ada")
    administration = Administration(identity.parts)
    await administration.set_roles("ada", ["user", name])
    changes = administration.change_role("admin", RoleContent(None, [EDIT])), administration.delete_role(name)
    outcomes = await asyncio.gather(*changes, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if isinstance(outcome, BaseException)] == [LastAdministrator]


async def test_commands_take_no_role_from_nobody(identity: Identity) -> None:
    with pytest.raises(RoleNotFound, match="there is no role editor"):
        await Administration(identity.parts).delete_role("editor")
