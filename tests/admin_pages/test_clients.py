"""The pages of clients."""

import re

import httpx
import pytest

from identity_service.clients.models import Client, hash_secret
from identity_service.clients.values import ClientReplacements
from identity_service.recording.cause import BY_COMMAND_LINE
from tests.admin.client_requests import make_application, make_client
from tests.admin_pages.client_requests import etag_of, fields
from tests.admin_pages.reading import hidden
from tests.identity.browsing import Browsing
from tests.support.services import POSTS_URL, Identity

CLIENTS = "/admin/ui/clients"

pytestmark = pytest.mark.usefixtures("without_waiting")


async def client_of(identity: Identity, client_id: str) -> Client:
    return (await identity.parts.admin.clients.get(client_id)).client


def secret_in(answer: httpx.Response) -> str:
    """The secret on the page that shows it."""
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    (secret,) = re.findall(r"<dt>Secret</dt>\s*<dd><code class=\"id\">([\w-]{43})</code>", answer.text)
    return str(secret)


async def send_about_secrets(browser: Browsing, path: str, **entered: str) -> httpx.Response:
    """Open the page at this path, and send its form."""
    return await browser.send(path, {"etag": hidden(await browser.open(path), "etag"), **entered})


async def test_the_secret_of_a_client_that_is_made_is_shown_once(identity: Identity, grace: Browsing) -> None:
    sent = fields(id="robot", application_type="web")
    secret = secret_in(await grace.send(f"{CLIENTS}/_new", sent))
    assert (await client_of(identity, "robot")).secret_hash == hash_secret(secret)
    again = await grace.send(f"{CLIENTS}/_new", sent)
    assert (again.status_code, "There is a client with this id already." in again.text) == (422, True)
    assert (await client_of(identity, "robot")).secret_hash == hash_secret(secret)
    for path in (CLIENTS, f"{CLIENTS}/robot", f"{CLIENTS}/_new", "/admin/ui/audit"):
        assert secret not in await grace.open(path)
    assert secret not in again.text


async def test_a_public_client_has_no_secret_and_what_was_entered(identity: Identity, grace: Browsing) -> None:
    entered = fields(
        id="app",
        public="true",
        application_type="native",
        grants=["authorization_code", "refresh_token"],
        scopes=["posts:write", "offline_access"],
        audiences=[POSTS_URL, "http://localhost:8001"],
        default_audience=POSTS_URL,
        redirect_uris="http://127.0.0.1/callback\r\n\r\n  example.app:/callback \r\n",
        post_logout_redirect_uris="http://127.0.0.1/out",
        backchannel_logout_uri="https://app.example/logout",
    )
    answer = await grace.send(f"{CLIENTS}/_new", entered)
    page = await grace.open(answer.headers["location"])
    assert ("It is made." in page, "It has no secret." in page, "add-secret" in page) == (True, True, False)
    client = await client_of(identity, "app")
    assert (client.is_public, client.application_type, client.is_first_party) == (True, "native", False)
    assert client.redirect_uris == ["http://127.0.0.1/callback", "example.app:/callback"]
    assert (client.default_audience, client.scopes) == (POSTS_URL, ["posts:write", "offline_access"])
    assert (await send_about_secrets(grace, f"{CLIENTS}/app/add-secret")).status_code == 409


@pytest.mark.parametrize(
    ("entered", "field", "sentence"),
    [
        ({"id": "No"}, "id", "It was refused: a client id is"),
        ({"name": ""}, "name", "Enter a name."),
        ({"grants": []}, "grants", "a client needs at least one grant"),
        ({"scopes": ["nothing"]}, "scopes", "no service has the scope nothing"),
        ({"public": "true"}, "grants", "a public client has no secret"),
        ({"redirect_uris": "https://a.example/\nhttps://b.example/"}, "redirect_uris", "needs the grant"),
        ({"first_party": "true"}, "first_party", "has no effect"),
    ],
    ids=str,
)
async def test_a_client_that_cannot_be_made_is_shown_as_it_was_entered(
    grace: Browsing, entered: dict[str, str], field: str, sentence: str
) -> None:
    answer = await grace.send(f"{CLIENTS}/_new", fields(**{"id": "robot", "application_type": "web", **entered}))
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert f'<a href="#{field}">' in answer.text
    assert ('value="ssf.read" checked' in answer.text.replace("\n", "")) == ("scopes" not in entered)
    await grace.open(f"{CLIENTS}/robot", 404)


async def test_the_form_of_a_change_has_what_is_there_and_saves_nothing_else(
    identity: Identity, grace: Browsing
) -> None:
    await make_application(identity, "app", grants=["authorization_code"], redirect_uris=["https://a.example/"])
    before = await client_of(identity, "app")
    page = await grace.open(f"{CLIENTS}/app/change")
    assert re.findall(r'value="([^"]+)" checked', page) == ["true", "authorization_code", POSTS_URL, "posts:write"]
    assert re.findall(r"<textarea[^>]+>\s*(\S+)</textarea>", page) == ["https://a.example/"]
    entered = fields(
        etag=await etag_of(identity, "app"),
        name="Robot",
        first_party="true",
        grants=["authorization_code"],
        scopes=["posts:write"],
        audiences=[POSTS_URL],
        default_audience=POSTS_URL,
        redirect_uris="https://a.example/",
    )
    answer = await grace.send(f"{CLIENTS}/app/change", entered)
    assert "It is saved." in await grace.open(answer.headers["location"])
    assert await client_of(identity, "app") == before
    entered |= {"name": "Notes", "first_party": "", "redirect_uris": "https://b.example/"}
    assert (await grace.send(f"{CLIENTS}/app/change", entered)).status_code == 303
    after = await client_of(identity, "app")
    assert (after.name, after.is_first_party, after.redirect_uris) == ("Notes", False, ["https://b.example/"])


async def test_a_client_that_somebody_else_has_changed_meanwhile_is_shown_and_kept(
    identity: Identity, grace: Browsing
) -> None:
    await make_client(identity, "robot")
    etag = await etag_of(identity, "robot")
    await identity.parts.admin.clients.change(
        "robot", ClientReplacements(name="Theirs"), BY_COMMAND_LINE, lambda _: None
    )
    for act, entered in (("change", fields(name="Mine")), ("delete", {"repeated": "robot"})):
        answer = await grace.send(f"{CLIENTS}/robot/{act}", {"etag": etag, **entered})
        assert (answer.status_code, "Theirs" in answer.text) == (412, True)
        assert ("Mine" in answer.text) == (act == "change")
    assert (await client_of(identity, "robot")).name == "Theirs"


async def test_another_secret_is_shown_once_and_the_former_one_ends_when_asked(
    identity: Identity, grace: Browsing
) -> None:
    await make_client(identity, "robot")
    path = f"{CLIENTS}/robot"
    first = secret_in(await send_about_secrets(grace, f"{path}/add-secret"))
    again = await send_about_secrets(grace, f"{path}/add-secret")
    assert (again.status_code, first in again.text) == (422, False)
    assert "Two secrets of this client are valid." in again.text
    second = secret_in(await send_about_secrets(grace, f"{path}/add-secret", lost="true"))
    client = await client_of(identity, "robot")
    assert (client.secret_hash, client.former_secret_hash) == (hash_secret(second), hash_secret("a-secret"))
    assert "end-former-secret" in await grace.open(path)
    answer = await send_about_secrets(grace, f"{path}/end-former-secret")
    page = await grace.open(answer.headers["location"])
    assert ("Only the latest secret is valid now." in page, "end-former-secret" in page) == (True, False)
    assert (await client_of(identity, "robot")).former_secret_hash is None
    assert (await send_about_secrets(grace, f"{path}/end-former-secret")).status_code == 404
    assert (await send_about_secrets(grace, f"{path}/add-secret", lost="true")).status_code == 422


async def test_a_page_that_shows_a_secret_makes_no_other_one_when_it_is_loaded_again(
    identity: Identity, grace: Browsing
) -> None:
    await make_client(identity, "robot")
    path = f"{CLIENTS}/robot/add-secret"
    secret_in(await send_about_secrets(grace, path))
    fields = {"etag": hidden(await grace.open(path), "etag"), "lost": "true"}
    secret = secret_in(await grace.send(path, fields))
    again = await grace.send(path, fields)
    assert (again.status_code, "Nobody has the latest secret" in again.text) == (412, True)
    assert (await client_of(identity, "robot")).secret_hash == hash_secret(secret)


async def test_a_former_secret_ends_only_if_it_is_the_one_that_the_page_was_about(
    identity: Identity, grace: Browsing
) -> None:
    await make_client(identity, "robot")
    secret = secret_in(await send_about_secrets(grace, f"{CLIENTS}/robot/add-secret"))
    path = f"{CLIENTS}/robot/end-former-secret"
    shown = {"etag": hidden(await grace.open(path), "etag")}
    await grace.send(path, shown)
    await send_about_secrets(grace, f"{CLIENTS}/robot/add-secret")
    assert (await grace.send(path, shown)).status_code == 412
    assert (await client_of(identity, "robot")).former_secret_hash == hash_secret(secret)
    assert (await grace.send(path)).status_code == 400


async def test_a_client_is_deleted_once_its_id_was_entered(identity: Identity, grace: Browsing) -> None:
    await make_client(identity, "robot")
    etag = await etag_of(identity, "robot")
    refused = await grace.send(f"{CLIENTS}/robot/delete", {"etag": etag, "repeated": "robots"})
    assert (refused.status_code, "This is not what the page says." in refused.text) == (422, True)
    assert await client_of(identity, "robot")
    answer = await grace.send(f"{CLIENTS}/robot/delete", {"etag": etag, "repeated": " robot "})
    assert answer.headers["location"].startswith(f"{CLIENTS}/robot/deleted?answer=")
    assert "There is no client robot any more" in await grace.open(answer.headers["location"])
    assert (await grace.http.get(f"{CLIENTS}/robot/deleted")).headers["location"] == CLIENTS
    await grace.open(f"{CLIENTS}/robot", 404)


async def test_a_client_of_every_installation_cannot_be_deleted(identity: Identity, grace: Browsing) -> None:
    entered = {"etag": await etag_of(identity, "posts"), "repeated": "posts"}
    answer = await grace.send(f"{CLIENTS}/posts/delete", entered)
    assert (answer.status_code, "belongs to every installation" in answer.text) == (409, True)
