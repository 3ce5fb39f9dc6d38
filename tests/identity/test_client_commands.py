"""What the commands for clients and services say that they have done."""

import re
import shlex
from pathlib import Path

import pytest

from identity_service.clients.drafts import ClientDraft
from identity_service.clients.errors import ClientExists
from identity_service.services.errors import ServiceExists, ServiceNotFound
from tests.identity.client_lines import answer, run
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity
from watchword.errors import Invalid
from watchword.service.commands import WrongUsage

pytestmark = pytest.mark.usefixtures("seeded_roles")

NOTES_URL = "https://notes.example"
SERVICE = [NOTES_URL, "--name", "Notes", "--scope", "notes:read=Read your notes"]
CLIENT = ["app", "--grant", "password", "--scope", "account", "--audience", IDENTITY_URL, "--first-party", "--public"]


async def create_service(identity: Identity, *arguments: str) -> str:
    return await run(identity, shlex.join(["services", "create", *arguments]))


async def create_client(identity: Identity, *arguments: str) -> str:
    return await run(identity, shlex.join(["clients", "create", *arguments]))


async def extend_client(identity: Identity, *arguments: str) -> str:
    return await run(identity, shlex.join(["clients", "extend", *arguments]))


async def test_service_is_described(identity: Identity, databases: Databases) -> None:
    said = await create_service(identity, *SERVICE, "--client", "posts", "--permission", "note:edit_any=Edit=all")
    service_id = (await answer(identity, f"services show {NOTES_URL}")).document.id
    assert said.splitlines() == [
        f"The service {NOTES_URL}: Notes, with the id {service_id}.",
        "Its own client: posts.",
        "Scope notes:read: Read your notes",
        "Permission note:edit_any: Edit=all",
    ]
    (row,) = await databases.fetch(
        "identity_app", "SELECT description FROM identity.service_permissions WHERE audience = $1", NOTES_URL
    )
    assert row["description"] == "Edit=all"


@pytest.mark.parametrize(
    ("arguments", "error", "fault"),
    [
        (["--scope", "notes:read"], WrongUsage, "notes:read: write --scope 'notes:read=TEXT'"),
        (["--permission", "x"], WrongUsage, "x: write --permission 'x=TEXT'"),
        (["--scope", "a=A", "--scope", "a=B"], Invalid, "the scope a is named twice"),
        (["--scope", "a= "], Invalid, "the scope a needs a text"),
        (["--scope", f"a={'x' * 501}"], Invalid, "scopes.0.description: "),
        (["--client", "nobody"], Invalid, "there is no client nobody"),
    ],
)
async def test_scope_without_a_text_or_named_twice_is_refused(
    identity: Identity, arguments: list[str], error: type[Exception], fault: str
) -> None:
    with pytest.raises(error, match=f"^{re.escape(fault)}"):
        await create_service(identity, NOTES_URL, "--name", "Notes", *arguments)


async def test_client_that_the_library_shows_is_one_for_pages(identity: Identity) -> None:
    text = (Path(__file__).parents[2] / "shared/README.md").read_text().partition("## Sign people in on your pages")[2]
    (origin,) = re.findall(r' origin="(\S+)"', text)
    await create_service(identity, origin, *SERVICE[1:])
    said = await create_client(identity, *shlex.split(re.findall(r" clients create (.*)", text)[0]))
    assert "Scopes: openid, notes:read." in said
    assert f"Redirect URIs: {origin}/auth/callback" in said


async def test_client_is_described_with_its_default_audience(identity: Identity) -> None:
    said = await create_client(identity, *CLIENT)
    assert said.splitlines() == [
        "The client app is saved.",
        "Grants: password. Scopes: account.",
        f"Audiences: {IDENTITY_URL}; without a resource, tokens are for {IDENTITY_URL}.",
        "It is a first-party client: nobody is asked to consent.",
        "It is public: it has no secret.",
    ]


async def test_client_whose_grant_is_off_is_described_with_the_setting_that_offers_it(
    clean_databases: Databases,
) -> None:
    off = "The grant password has no effect here, unless IDENTITY_PASSWORD_GRANT is true."
    async with services.identity(clean_databases, password_grant=False) as identity:
        assert (await create_client(identity, *CLIENT)).splitlines()[2] == off
        for line in ("clients show app", "clients show web", "clients extend app --scope openid"):
            assert off in await run(identity, line)
        docs = "clients change identity-docs --grant password"
        assert off in await run(identity, docs)
        assert off not in await run(identity, docs.replace("--grant", "--remove-grant"))
        assert off not in await run(identity, "clients show posts-pages")


async def test_secret_is_printed_last(identity: Identity) -> None:
    confidential = [*CLIENT[:-1], "--grant", "client_credentials"]
    secret = (await create_client(identity, *confidential)).rpartition(" ")[2]
    answer = await identity.token(grant_type="client_credentials", client_id="app", client_secret=secret)
    assert answer.status_code == 200


async def test_extension_says_what_open_sessions_get(identity: Identity) -> None:
    await create_client(identity, *CLIENT)
    said = await extend_client(identity, "app", "--scope", "posts:write", "--audience", POSTS_URL)
    assert "Its open sessions get this with their next refresh, unless their scopes were asked for by name." in said
    said = await extend_client(identity, "posts", "--scope", "introspect")
    assert "It has no sessions; its next token can have this." in said
    of_others = ClientDraft("theirs", "Theirs", "their-secret", ["refresh_token"], ["account"], [IDENTITY_URL])
    await identity.parts.clients.upsert(of_others.as_client())
    said = await extend_client(identity, "theirs", "--scope", "introspect")
    assert "Its open sessions keep what they have; what is added needs another sign-in." in said


async def test_extension_by_nothing_is_refused(identity: Identity) -> None:
    with pytest.raises(WrongUsage, match="there is nothing to add"):
        await extend_client(identity, "web")


async def test_what_exists_is_not_made_again(identity: Identity) -> None:
    await create_client(identity, *CLIENT)
    with pytest.raises(ClientExists, match="there is a client app already"):
        await create_client(identity, *CLIENT)
    await create_service(identity, *SERVICE)
    with pytest.raises(ServiceExists, match=f"there is a service {NOTES_URL} already"):
        await create_service(identity, *SERVICE)


async def test_service_is_changed_where_something_is_named_and_stays_elsewhere(identity: Identity) -> None:
    await create_service(identity, *SERVICE, "--permission", "note:edit_any=Edit all")
    of_roles = ["roles", "create", "editor", "--description", "Edits", "--permission", "note:edit_any"]
    await run(identity, shlex.join(of_roles))
    said = await answer(identity, f"services change {NOTES_URL} --scope 'notes:write=Write' --client posts")
    assert [scope["scope"] for scope in said.document["scopes"]] == ["notes:read", "notes:write"]
    service_id, scopes = said.document["id"], "--remove-scope notes:read --scope 'notes:write=Change'"
    said = await answer(
        identity, f"services change {service_id} --name All {scopes} --remove-permission note:edit_any --no-client"
    )
    assert {name: said.document[name] for name in ("name", "client_id", "scopes", "permissions")} == {
        "name": "All",
        "client_id": None,
        "scopes": [{"scope": "notes:write", "description": "Change"}],
        "permissions": [],
    }
    assert (await answer(identity, "roles show editor")).document.permissions == []
    assert (await run(identity, f"services delete {NOTES_URL}")).startswith(f"The service {NOTES_URL} is deleted")
    with pytest.raises(ServiceNotFound, match=f"there is no service {service_id}"):
        await run(identity, f"services show {service_id}")


@pytest.mark.parametrize(
    ("options", "error", "fault"),
    [
        ("", WrongUsage, "there is nothing to change"),
        ("--remove-scope notes:write", Invalid, "the service has no scope notes:write"),
        ("--remove-permission x --permission x=X", Invalid, "the permission x is both set and removed"),
        ("--name ' '", Invalid, "a service needs a name"),
        ("--client posts --no-client", Invalid, "the service's own client is both set and removed"),
    ],
)
async def test_change_of_a_service_without_effect_or_sense_is_refused(
    identity: Identity, options: str, error: type[Exception], fault: str
) -> None:
    await create_service(identity, *SERVICE)
    with pytest.raises(error, match=fault):
        await run(identity, f"services change {NOTES_URL} {options}")


async def test_client_whose_tokens_would_be_nearly_too_long_is_made_with_a_warning(identity: Identity) -> None:
    scopes = [f"{'x' * 190}{number}" for number in range(30)]
    texts = [word for scope in scopes for word in ("--scope", f"{scope}=Text")]
    await create_service(identity, NOTES_URL, "--name", "Notes", *texts)
    first, *others = (["--scope", scope] for scope in scopes)
    usual = ["--grant", "password", "--first-party", "--public", "--audience", NOTES_URL, *first]
    assert "Warning" not in await create_client(identity, "small", *usual)
    every = [word for other in others for word in other]
    warning = f"Warning: a token with all its scopes of {NOTES_URL} has at least "
    assert warning in await create_client(identity, "large", *usual, *every)
    assert warning in await extend_client(identity, "small", *every)
