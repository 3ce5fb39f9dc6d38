"""A client or a service that could never do anything is refused, with everything that is wrong with it at once."""

import asyncio
from typing import Any

import asyncpg
import pytest

from identity_service.administration import Administration
from identity_service.clients.drafts import ClientDraft, ClientExtension
from identity_service.clients.errors import ClientExists
from identity_service.clients.models import ApplicationType
from identity_service.services.drafts import ServiceDraft
from identity_service.services.edits import ServiceEdit
from identity_service.services.errors import ServiceExists, WordTaken
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_SECRET, POSTS_URL, Identity
from tests.support.waiting import until
from watchword.errors import Invalid

NOTES_URL = "https://notes.example"
CALLBACK = "https://app.example/callback"
CLIENTS = "SELECT * FROM identity.clients ORDER BY id"
SCOPE = "SELECT audience FROM identity.service_scopes WHERE scope = $1"
SERVICES = "SELECT * FROM identity.services ORDER BY audience"


def client(**members: Any) -> ClientDraft:
    usual = {
        "id": "app",
        "name": "App",
        "secret": POSTS_SECRET,
        "grants": ["client_credentials"],
        "scopes": ["account"],
        "audiences": [IDENTITY_URL],
    }
    return ClientDraft(**{**usual, **members})


def web(redirect_uri: str, *grants: str, **members: Any) -> ClientDraft:
    return client(grants=["authorization_code", *grants], redirect_uris=[redirect_uri], **members)


def service(**members: Any) -> ServiceDraft:
    return ServiceDraft(**{"audience": NOTES_URL, "name": "Notes", **members})


FAULTY_CLIENTS = {
    "id": (client(id="Not An Id"), "a client id is 2 to 63 of a-z, 0-9 and hyphen"),
    "id of a user": (client(id="f190b7a0-0000-7000-8000-000000000000"), "a client id is "),
    "blank name": (client(name=" "), "a client needs a name"),
    "invisible name": (client(name="\u200b\u3164"), "a client needs a name"),
    "no grants": (client(grants=[]), "a client needs at least one grant"),
    "public client credentials": (client(secret=None), "a public client has no secret"),
    "public introspection": (
        client(secret=None, grants=["password"], is_first_party=True, scopes=["account", "introspect"]),
        "a public client has no secret, which the scope introspect needs",
    ),
    "refresh alone": (
        client(grants=["refresh_token"]),
        "the grant refresh_token needs one that gives the first refresh token",
    ),
    "password of others": (client(grants=["password"]), "the grant password is for first-party clients only"),
    "first party without people": (client(is_first_party=True), "nobody signs in by these grants"),
    "native with a secret": (client(application_type=ApplicationType.NATIVE), "a native application is public"),
    "code without a redirect URI": (
        client(grants=["authorization_code"]),
        "the grant authorization_code needs a redir",
    ),
    "redirect URI without a code": (client(redirect_uris=[CALLBACK]), "a redirect URI needs the grant authorization"),
    "logout without a code": (client(post_logout_redirect_uris=[CALLBACK]), "a redirect URI after a logout needs"),
    "logout URI without a code": (client(backchannel_logout_uri=CALLBACK), "a logout URI needs the grant authorizat"),
    "redirect URI with a fragment": (web(f"{CALLBACK}#x"), f"'{CALLBACK}#x' is no redirect URI: it must have no fragm"),
    "scheme of an app": (web("com.example.app:/x"), "'com.example.app:/x' is no redirect URI: it must begin with htt"),
    "logout URI in the clear": (
        web(CALLBACK, backchannel_logout_uri="http://app.example/out"),
        "'http://app.example/out' is no logout URI: it must begin with https://",
    ),
    "refresh without offline access": (web(CALLBACK, "refresh_token"), "the grant refresh_token needs the scope off"),
    "offline access without refresh": (
        client(scopes=["offline_access"]),
        "the scope offline_access needs the grant refresh_token",
    ),
    "email without openid": (client(scopes=["email"]), "the scope email needs the scope openid"),
    "no scopes": (client(scopes=[]), "a client needs at least one scope"),
    "no audiences": (client(audiences=[]), "a client needs at least one audience"),
    "unknown scope": (client(scopes=["account", "acount"]), "no service has the scope acount"),
    "unknown audience": (client(audiences=[IDENTITY_URL, "notes"]), "no service has the audience notes"),
    "scope of another service": (
        client(scopes=["account", "posts:write"]),
        f"the scope posts:write belongs to {POSTS_URL}",
    ),
    "audience without scopes": (client(audiences=[IDENTITY_URL, POSTS_URL]), f"the client has no scope of {POSTS_URL}"),
    "default elsewhere": (client(default_audience=POSTS_URL), f"the default audience {POSTS_URL} is not among"),
}


@pytest.mark.parametrize(("draft", "fault"), FAULTY_CLIENTS.values(), ids=FAULTY_CLIENTS.keys())
async def test_client_that_could_never_get_a_token_is_refused_by_name(
    identity: Identity, databases: Databases, draft: ClientDraft, fault: str
) -> None:
    before = await databases.fetch("identity_app", CLIENTS)
    with pytest.raises(Invalid) as refusal:
        await Administration(identity.parts).create_client(draft)
    assert [line for line in refusal.value.advice.splitlines() if line.startswith(fault)]
    assert await databases.fetch("identity_app", CLIENTS) == before


async def test_everything_that_is_wrong_with_a_client_is_said_at_once(identity: Identity) -> None:
    draft = client(id="A", name="", secret=None, grants=["client_credentials"], scopes=["x"], audiences=["y"])
    with pytest.raises(Invalid) as refusal:
        await Administration(identity.parts).create_client(draft)
    assert len(refusal.value.advice.splitlines()) == 5


async def test_client_that_exists_is_not_made_again(identity: Identity, databases: Databases) -> None:
    administration = Administration(identity.parts)
    await administration.create_client(client())
    before = await databases.fetch("identity_app", CLIENTS)
    other = client(name="Another", secret="another-secret-of-the-client", scopes=["introspect"])
    with pytest.raises(ClientExists, match="there is a client app already"):
        await administration.create_client(other)
    assert await databases.fetch("identity_app", CLIENTS) == before


FAULTY_EXTENSIONS = {
    "unknown scope": (ClientExtension(["acount"], []), "no service has the scope acount"),
    "unknown audience": (ClientExtension([], ["notes"]), "no service has the audience notes"),
    "scope alone": (ClientExtension(["posts:write"], []), f"the scope posts:write belongs to {POSTS_URL}"),
    "audience alone": (ClientExtension([], [POSTS_URL]), f"the client has no scope of {POSTS_URL}"),
    "default elsewhere": (ClientExtension([], [], POSTS_URL), f"the default audience {POSTS_URL} is not among"),
}


@pytest.mark.parametrize(("extension", "fault"), FAULTY_EXTENSIONS.values(), ids=FAULTY_EXTENSIONS.keys())
async def test_extension_without_effect_is_refused_by_name(
    identity: Identity, databases: Databases, extension: ClientExtension, fault: str
) -> None:
    await Administration(identity.parts).create_client(client())
    before = await databases.fetch("identity_app", CLIENTS)
    with pytest.raises(Invalid, match=fault):
        await Administration(identity.parts).extend_client("app", extension)
    assert await databases.fetch("identity_app", CLIENTS) == before


async def test_public_client_cannot_be_extended_by_what_needs_a_secret(identity: Identity) -> None:
    await Administration(identity.parts).create_client(client(secret=None, grants=["password"], is_first_party=True))
    with pytest.raises(Invalid, match="a public client has no secret, which the scope introspect needs"):
        await Administration(identity.parts).extend_client("app", ClientExtension(["introspect"], []))


async def test_tokens_cannot_begin_with_an_audience_of_which_the_client_has_no_scope(identity: Identity) -> None:
    without_use = client(audiences=[IDENTITY_URL, POSTS_URL]).as_client()
    await identity.parts.clients.upsert(without_use)
    with pytest.raises(Invalid, match=f"the client has no scope of {POSTS_URL}"):
        await Administration(identity.parts).extend_client("app", ClientExtension([], [], POSTS_URL))


async def test_extended_client_may_begin_with_another_audience(identity: Identity) -> None:
    await Administration(identity.parts).create_client(client())
    extension = ClientExtension(["posts:write"], [POSTS_URL], POSTS_URL)
    extended, _ = await Administration(identity.parts).extend_client("app", extension)
    assert (extended.client.default_audience, sorted(extended.client.scopes)) == (POSTS_URL, ["account", "posts:write"])


LONG_URL = f"{NOTES_URL}/{'x' * 500}"
FAULTY_SERVICES = {
    "no URL": (service(audience="notes"), "notes is no audience"),
    "no scheme": (service(audience="localhost:8003"), "localhost:8003 is no audience"),
    "another scheme": (service(audience="ftp://notes.example"), "ftp://notes.example is no audience"),
    "no host": (service(audience="https:///notes"), "https:///notes is no audience"),
    "fragment": (service(audience=f"{NOTES_URL}/#x"), f"{NOTES_URL}/#x is no audience"),
    "blank": (service(audience=f"{NOTES_URL} "), f"{NOTES_URL}  is no audience"),
    "user": (service(audience="https://ada@notes.example"), "https://ada@notes.example is no audience"),
    "port": (service(audience="https://notes.example:99999"), "https://notes.example:99999 is no audience"),
    "backslash": (service(audience="https://notes.example\\x"), "https://notes.example\\x is no audience"),
    "no such host": (
        service(audience="https://notes..example"),
        "https://notes..example is no audience: it has no valid",
    ),
    "too long": (service(audience=LONG_URL), f"{LONG_URL} is no audience: it must have at most 500 characters"),
    "blank name": (service(name=" "), "a service needs a name"),
    "invisible name": (service(name="\u2060"), "a service needs a name"),
    "unknown client": (service(client_id="nobody"), "there is no client nobody"),
    "scope with a blank": (service(scopes={"notes read": "Read"}), "'notes read' is no scope"),
    "scope with a quote": (service(scopes={'"': "Read"}), "'\"' is no scope"),
    "empty scope": (service(scopes={"": "Read"}), "'' is no scope"),
    "scope without a text": (service(scopes={"notes:read": " "}), "the scope notes:read needs a text"),
    "scope with an invisible text": (service(scopes={"notes:read": "\u2800"}), "the scope notes:read needs a text"),
    "scope of another": (service(scopes={"account": "Mine"}), f"the scope account belongs to {IDENTITY_URL}"),
    "permission with a blank": (service(permissions={"a b": "Read"}), "'a b' is no permission"),
    "permission of another": (
        service(permissions={"post:edit_any": "x"}),
        f"the permission post:edit_any belongs to {POSTS_URL}",
    ),
}


@pytest.mark.parametrize(("draft", "fault"), FAULTY_SERVICES.values(), ids=FAULTY_SERVICES.keys())
async def test_service_that_no_token_could_be_for_is_refused_by_name(
    identity: Identity, databases: Databases, draft: ServiceDraft, fault: str
) -> None:
    before = await databases.fetch("identity_app", SERVICES)
    with pytest.raises(Invalid) as refusal:
        await Administration(identity.parts).create_service(draft)
    assert refusal.value.advice.startswith(fault)
    assert await databases.fetch("identity_app", SERVICES) == before


async def test_service_that_exists_is_changed_only_on_request_and_keeps_what_is_not_named(
    identity: Identity, databases: Databases
) -> None:
    administration = Administration(identity.parts)
    scopes = {"notes:read": "Read", "notes:write": "Write"}
    await administration.create_service(service(client_id="posts", scopes=scopes, permissions={"note:edit_any": "E"}))
    other = service(name="Other", scopes={"notes:read": "Read your notes"})
    with pytest.raises(ServiceExists, match="there is a service"):
        await administration.create_service(other)
    await administration.change_service(NOTES_URL, ServiceEdit("Other", scopes={"notes:read": "Read your notes"}))
    rows = await databases.fetch("identity_app", f"{SERVICES.replace('ORDER', 'WHERE audience = $1 ORDER')}", NOTES_URL)
    assert [(row["name"], row["client_id"]) for row in rows] == [("Other", "posts")]
    texts = "SELECT scope, description FROM identity.service_scopes WHERE audience = $1 ORDER BY scope"
    after = await databases.fetch("identity_app", texts, NOTES_URL)
    assert [tuple(row) for row in after] == [("notes:read", "Read your notes"), ("notes:write", "Write")]


async def test_service_loses_its_client_but_stays_when_the_client_is_deleted(
    identity: Identity, databases: Databases
) -> None:
    await databases.execute("identity_owner", "DELETE FROM identity.clients WHERE id = 'posts'")
    rows = await databases.fetch("identity_app", SERVICES)
    assert [(row["audience"], row["client_id"]) for row in rows] == [(IDENTITY_URL, None), (POSTS_URL, None)]


async def test_scope_that_two_services_are_given_at_once_goes_to_one_of_them(
    identity: Identity, databases: Databases
) -> None:
    connection = await asyncpg.connect(databases.url("identity_owner"))
    try:
        async with connection.transaction():
            await connection.execute("INSERT INTO identity.services VALUES ('https://first.example', 'First')")
            await connection.execute("INSERT INTO identity.service_scopes VALUES ('read', 'https://first.example', '')")
            draft = service(scopes={"read": "Read your notes"})
            creating = asyncio.create_task(Administration(identity.parts).create_service(draft))
            await until(lambda: is_blocked(databases))
        with pytest.raises(WordTaken, match="read"):
            await creating
    finally:
        await connection.close()
    assert [row["audience"] for row in await databases.fetch("identity_app", SCOPE, "read")] == [
        "https://first.example"
    ]
    assert NOTES_URL not in (await identity.parts.services.directory()).audiences


async def is_blocked(databases: Databases) -> bool:
    return bool(await databases.fetch("identity_app", "SELECT FROM pg_locks WHERE NOT granted"))
