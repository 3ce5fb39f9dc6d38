"""The pages of services."""

import re
from html import unescape

import pytest

from identity_service.recording.cause import BY_COMMAND_LINE
from identity_service.roles.values import RoleContent
from identity_service.services.values import ServiceChanges
from tests.admin.client_requests import make_client
from tests.admin.service_requests import make_service
from tests.admin_pages.service_requests import etag_of, fields
from tests.identity.browsing import Browsing
from tests.identity.receivers import receiver_with_stream
from tests.support.services import POSTS_URL, Identity

SERVICES = "/admin/ui/services"

pytestmark = pytest.mark.usefixtures("without_waiting")


async def test_a_service_is_made_with_a_scope_and_a_permission_in_each_line(
    identity: Identity, grace: Browsing
) -> None:
    await make_client(identity, "notes")
    scopes = "notes:read   Read  your notes \r\n\r\n notes:write\tWrite notes"
    entered = fields("notes", audience="https://notes.example", client_id="notes", scopes=scopes)
    answer = await grace.send(f"{SERVICES}/_new", entered)
    page = await grace.open(answer.headers["location"])
    assert ("It is made." in page, "Change the notes of others" in page) == (True, True)
    service = (await identity.parts.admin.services.list(None, 100)).items[-1]
    assert (service.audience, service.name, service.client_id) == ("https://notes.example", "Notes", "notes")
    assert service.scopes == {"notes:read": "Read  your notes", "notes:write": "Write notes"}
    assert service.permissions == {"notes:edit_any": "Change the notes of others"}
    assert "https://notes.example" in await grace.open(SERVICES)


@pytest.mark.parametrize(
    ("entered", "field", "sentence"),
    [
        ({"audience": ""}, "audience", "Enter the URL of the service."),
        ({"audience": "notes"}, "audience", "notes is no audience"),
        ({"audience": POSTS_URL}, "audience", "There is a service with this audience already."),
        ({"name": ""}, "name", "Enter a name."),
        ({"client_id": "nobody"}, "client_id", "there is no client nobody"),
        ({"scopes": "notes:read"}, "scopes", "Enter a space and what it allows after each scope."),
        ({"scopes": "posts:write Write"}, "scopes", "the scope posts:write belongs to"),
        ({"permissions": "a Once\na Twice"}, "permissions", "the permission a is named twice"),
    ],
    ids=str,
)
async def test_a_service_that_cannot_be_made_is_shown_as_it_was_entered(
    identity: Identity, grace: Browsing, entered: dict[str, str], field: str, sentence: str
) -> None:
    before = (await identity.parts.admin.services.list(None, 100)).items
    answer = await grace.send(f"{SERVICES}/_new", fields("notes", audience="https://notes.example") | entered)
    assert (answer.status_code, sentence in unescape(answer.text)) == (422, True)
    assert f'<a href="#{field}">' in answer.text
    assert (await identity.parts.admin.services.list(None, 100)).items == before


async def test_the_form_of_a_change_has_what_is_there_and_saves_nothing_else(
    identity: Identity, grace: Browsing
) -> None:
    service = await make_service(identity, "notes")
    path = f"{SERVICES}/{service.id}"
    page = await grace.open(f"{path}/change")
    entered = dict(zip(("scopes", "permissions"), re.findall(r"<textarea[^>]+>([^<]*)</textarea>", page), strict=True))
    assert {name: text.strip() for name, text in entered.items()} == {
        "scopes": "notes:read Read your notes",
        "permissions": "notes:edit_any Change the notes of others",
    }
    sent = {"etag": await etag_of(identity, service.id), "name": "Notes", **entered}
    answer = await grace.send(f"{path}/change", sent)
    assert "It is saved." in await grace.open(answer.headers["location"])
    assert await identity.parts.admin.services.get(service.id) == service


async def test_a_permission_that_is_left_out_leaves_its_roles_and_the_page_says_who_obeys(
    identity: Identity, grace: Browsing
) -> None:
    service = await make_service(identity, "notes")
    await receiver_with_stream(identity)
    content = RoleContent(None, ["notes:edit_any"])
    await identity.parts.roles.create("editor", "Edits", content, BY_COMMAND_LINE)
    entered = fields("notes", etag=await etag_of(identity, service.id), permissions="")
    answer = await grace.send(f"{SERVICES}/{service.id}/change", entered)
    assert answer.headers["location"].startswith(f"{SERVICES}/{service.id}?answer=")
    assert "has not confirmed it yet" in await grace.open(answer.headers["location"])
    assert list((await identity.parts.roles.get("editor")).permissions) == []


@pytest.mark.parametrize("act", ["change", "delete"])
async def test_a_service_that_somebody_else_has_changed_meanwhile_is_shown_and_kept(
    identity: Identity, grace: Browsing, act: str
) -> None:
    service = await make_service(identity, "notes")
    etag = await etag_of(identity, service.id)
    changes = ServiceChanges(name="Theirs")
    await identity.parts.admin.services.change(service.id, changes, BY_COMMAND_LINE, lambda _: None)
    entered = fields("notes", name="Mine") if act == "change" else {}
    answer = await grace.send(f"{SERVICES}/{service.id}/{act}", {"etag": etag, **entered})
    assert (answer.status_code, "Theirs" in answer.text) == (412, True)
    assert ("Mine" in answer.text) == (act == "change")
    assert (await identity.parts.admin.services.get(service.id)).name == "Theirs"


async def test_a_service_is_deleted_once_no_client_may_ask_for_its_tokens(identity: Identity, grace: Browsing) -> None:
    service = await make_service(identity, "notes")
    path, sent = f"{SERVICES}/{service.id}", {"etag": await etag_of(identity, service.id)}
    await make_client(identity, "robot", scopes=["notes:read"], audiences=["https://notes.example"])
    entered = fields("notes", scopes="", **sent)
    refused = await grace.send(f"{path}/change", entered)
    assert (refused.status_code, "A client may still ask for a scope" in refused.text) == (422, True)
    refused = await grace.send(f"{path}/delete", sent)
    assert (refused.status_code, "A client may still ask for tokens" in refused.text) == (409, True)
    await identity.parts.admin.client_deletion.delete("robot", BY_COMMAND_LINE, lambda _: None)
    answer = await grace.send(f"{path}/delete", sent)
    assert "It is deleted." in await grace.open(answer.headers["location"])
    await grace.open(path, 404)


async def test_what_the_services_say_after_a_deletion_is_for_the_person_who_deleted(
    identity: Identity, grace: Browsing
) -> None:
    service = await make_service(identity, "notes")
    await receiver_with_stream(identity)
    content = RoleContent(None, ["notes:edit_any"])
    await identity.parts.roles.create("editor", "Edits", content, BY_COMMAND_LINE)
    path, sent = f"{SERVICES}/{service.id}", {"etag": await etag_of(identity, service.id)}
    answer = await grace.send(f"{path}/delete", sent)
    assert answer.headers["location"].startswith(f"{path}/deleted?answer=")
    assert "The service is deleted" in await grace.open(answer.headers["location"])
    assert (await grace.http.get(f"{path}/deleted")).headers["location"] == SERVICES


async def test_what_every_installation_has_cannot_be_taken_away(identity: Identity, grace: Browsing) -> None:
    (posts,) = [one for one in (await identity.parts.admin.services.list(None, 9)).items if one.audience == POSTS_URL]
    sent = {"etag": await etag_of(identity, posts.id)}
    for act, entered in (("change", fields("posts", client_id="posts", **sent)), ("delete", sent)):
        answer = await grace.send(f"{SERVICES}/{posts.id}/{act}", entered)
        assert (answer.status_code, "belongs to every installation" in answer.text) == (409, True)
