"""The pages of roles."""

import re

import pytest

from identity_service.administration import Administration
from identity_service.recording.cause import BY_COMMAND_LINE
from identity_service.roles.values import RoleContent
from tests.admin.role_requests import DELETE, EDIT, make_role
from tests.admin_pages.role_requests import etag_of
from tests.identity.browsing import Browsing
from tests.identity.receivers import receiver_with_stream
from tests.support.services import Identity

ROLES = "/admin/ui/roles"

pytestmark = pytest.mark.usefixtures("without_waiting")


async def test_the_list_has_every_role_and_the_permissions_that_services_declare(
    identity: Identity, grace: Browsing
) -> None:
    for _ in range(20):
        await make_role(identity)
    page = await grace.open(ROLES)
    assert ("Change the posts of others" in page, f'href="{ROLES}/admin"' in page) == (True, True)
    assert f'href="{ROLES}/user"' not in page
    (further,) = re.findall(r'href="([^"]+)" rel="next"', page)
    later = await grace.open(further)
    assert (f'href="{ROLES}/user"' in later, 'tabindex="-1" autofocus' in later) == (True, True)


async def test_a_role_is_made_and_its_page_says_so(identity: Identity, grace: Browsing) -> None:
    fields = {"name": "editor", "description": "Edits", "permissions": [EDIT, DELETE]}
    answer = await grace.send(f"{ROLES}/_new", fields)
    assert answer.headers["location"].startswith(f"{ROLES}/editor?notice=")
    page = await grace.open(answer.headers["location"])
    assert ("It is made." in page, EDIT in page, DELETE in page) == (True, True, True)
    assert "It is made." not in await grace.open(f"{ROLES}/editor")
    role = await identity.parts.roles.get("editor")
    assert (role.description, role.permissions) == ("Edits", [DELETE, EDIT])


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "user"}, "There is a role with this name already."),
        ({"name": "_new"}, "begins with a letter"),
        ({"name": ""}, "Enter a name."),
        ({"description": " "}, "Enter a description."),
        ({"description": ""}, "Enter a description."),
        ({"permissions": [EDIT, "post:burn"]}, "There is no permission post:burn."),
    ],
    ids=str,
)
async def test_a_role_that_cannot_be_made_is_shown_as_it_was_typed(
    grace: Browsing, fields: dict[str, str], sentence: str
) -> None:
    typed = {"name": "editor", "description": "Edits", "permissions": [EDIT], **fields}
    answer = await grace.send(f"{ROLES}/_new", typed)
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert f'value="{EDIT}" checked' in answer.text
    await grace.open(f"{ROLES}/editor", 404)


async def test_a_change_of_what_a_role_allows_says_who_obeys(identity: Identity, grace: Browsing) -> None:
    await receiver_with_stream(identity)
    path = f"{ROLES}/{await make_role(identity)}"
    shown = await grace.open(f"{path}/change")
    assert re.findall(r'value="([^"]+)" checked', shown) == [EDIT]
    fields = {"etag": await etag_of(identity, path.split("/")[-1]), "description": "Edits", "permissions": [DELETE]}
    answer = await grace.send(f"{path}/change", fields)
    assert answer.headers["location"].startswith(f"{path}?answer=")
    page = await grace.open(answer.headers["location"])
    assert ("has not confirmed it yet" in page, DELETE in page) == (True, True)
    assert "has not confirmed it yet" not in await grace.open(path)


async def test_a_change_of_the_description_alone_takes_nothing_away(identity: Identity, grace: Browsing) -> None:
    path = f"{ROLES}/{await make_role(identity)}"
    fields = {"etag": await etag_of(identity, path.split("/")[-1]), "description": "Corrects", "permissions": [EDIT]}
    answer = await grace.send(f"{path}/change", fields)
    page = await grace.open(answer.headers["location"])
    assert ("It is saved." in page, "Corrects" in page) == (True, True)


async def test_a_role_requires_a_second_factor_while_its_box_is_ticked(identity: Identity, grace: Browsing) -> None:
    fields = {"name": "editor", "description": "Edits", "permissions": [EDIT], "requires_second_factor": "true"}
    assert (await grace.send(f"{ROLES}/_new", fields)).status_code == 303
    assert re.search(r"<dt>Needs a second factor</dt>\s*<dd>Yes</dd>", await grace.open(f"{ROLES}/editor"))
    form = await grace.open(f"{ROLES}/editor/change")
    assert re.search(r'name="requires_second_factor" value="true" checked', form)
    fields = {"etag": await etag_of(identity, "editor"), "description": "Edits", "permissions": [EDIT]}
    assert (await grace.send(f"{ROLES}/editor/change", fields)).status_code == 303
    assert not (await identity.parts.roles.get("editor")).requires_second_factor
    assert "checked" not in re.findall(r"<input[^>]*second_factor[^>]*>", await grace.open(f"{ROLES}/editor/change"))[0]


@pytest.mark.parametrize("act", ["change", "delete"])
async def test_what_somebody_else_has_changed_meanwhile_is_shown_and_kept(
    identity: Identity, grace: Browsing, act: str
) -> None:
    name = await make_role(identity)
    etag = await etag_of(identity, name)
    await identity.parts.roles.change(name, RoleContent("Deletes", [DELETE]), BY_COMMAND_LINE)
    fields = {"description": "Mine", "permissions": [EDIT]} if act == "change" else {}
    answer = await grace.send(f"{ROLES}/{name}/{act}", {"etag": etag, **fields})
    assert (answer.status_code, "Deletes" in answer.text) == (412, True)
    assert ("Mine" in answer.text, await etag_of(identity, name) in answer.text.replace("&#34;", '"')) == (
        act == "change",
        True,
    )
    assert list((await identity.parts.roles.get(name)).permissions) == [DELETE]


async def test_a_deleted_role_is_taken_from_people_and_only_its_deleter_is_told_who_obeys(
    identity: Identity, grace: Browsing
) -> None:
    name = await make_role(identity)
    await identity.register("ada")
    await Administration(identity.parts).set_roles("ada", ["user", name])
    answer = await grace.send(f"{ROLES}/{name}/delete", {"etag": await etag_of(identity, name)})
    assert answer.headers["location"].startswith(f"{ROLES}/{name}/deleted?answer=")
    assert f"Nobody has the role {name} any more." in await grace.open(answer.headers["location"])
    assert (await grace.http.get(f"{ROLES}/{name}/deleted")).headers["location"] == ROLES
    assert (await grace.http.get(answer.headers["location"].replace(name, "admin"))).headers["location"] == ROLES
    account = (await identity.parts.access.get(await identity.parts.accounts.find_id("ada"))).account
    assert list(account.roles.roles) == ["user"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("user", "gives the role by itself"), ("admin", "gives the role by itself")],
)
async def test_roles_that_this_service_gives_cannot_be_deleted(
    identity: Identity, grace: Browsing, name: str, sentence: str
) -> None:
    answer = await grace.send(f"{ROLES}/{name}/delete", {"etag": await etag_of(identity, name)})
    assert (answer.status_code, sentence in answer.text) == (409, True)


async def test_the_last_administrators_role_keeps_its_permission(identity: Identity, grace: Browsing) -> None:
    fields = {"etag": await etag_of(identity, "admin"), "description": "Nothing", "permissions": [EDIT]}
    answer = await grace.send(f"{ROLES}/admin/change", fields)
    assert (answer.status_code, "the last administrator" in answer.text) == (409, True)
    await grace.open(ROLES)
