"""What the commands for clients and services say that they have done."""

import argparse
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from identity_service import client_commands
from identity_service.clients.drafts import ClientDraft
from tests.identity.client_lines import run
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity
from watchword.errors import Invalid

NOTES_URL = "https://notes.example"
SERVICE = [NOTES_URL, "--name", "Notes", "--scope", "notes:read=Read your notes"]
CLIENT = ["app", "--grant", "password", "--scope", "account", "--audience", IDENTITY_URL, "--first-party", "--public"]


def parsed(add_arguments: Callable[[argparse.ArgumentParser], None], arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(arguments)


async def create_service(identity: Identity, *arguments: str) -> str:
    options = parsed(client_commands.add_service_arguments, list(arguments))
    return await client_commands.create_service(identity.parts, options)


async def create_client(identity: Identity, *arguments: str) -> str:
    options = parsed(client_commands.add_client_arguments, list(arguments))
    return await client_commands.create_client(identity.parts, options)


async def extend_client(identity: Identity, *arguments: str) -> str:
    options = parsed(client_commands.add_extension_arguments, list(arguments))
    return await client_commands.extend_client(identity.parts, options)


async def test_service_is_described(identity: Identity, databases: Databases) -> None:
    said = await create_service(identity, *SERVICE, "--client", "posts", "--permission", "note:edit_any=Edit=all")
    assert said == (
        f"The service {NOTES_URL} is saved, its own client is posts. Scopes named: notes:read."
        " Permissions named: note:edit_any."
    )
    (row,) = await databases.fetch(
        "identity_app", "SELECT description FROM identity.service_permissions WHERE audience = $1", NOTES_URL
    )
    assert row["description"] == "Edit=all"


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--scope", "notes:read"], "notes:read: write --scope 'notes:read=TEXT'"),
        (["--permission", "x"], "x: write --permission 'x=TEXT'"),
        (["--scope", "a=A", "--scope", "a=B"], "the scope a is named twice"),
    ],
)
async def test_scope_without_a_text_or_named_twice_is_refused(
    identity: Identity, arguments: list[str], fault: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        await create_service(identity, NOTES_URL, "--name", "Notes", *arguments)
    assert refusal.value.advice.startswith(fault)


async def test_client_that_the_library_shows_is_one_for_pages(identity: Identity) -> None:
    text = (Path(__file__).parents[2] / "shared/README.md").read_text().partition("## Sign people in on your pages")[2]
    (origin,) = re.findall(r' origin="(\S+)"', text)
    await create_service(identity, origin, *SERVICE[1:])
    said = await create_client(identity, *shlex.split(re.findall(r" create-client (.*)", text)[0]))
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
        for line in ("show-client app", "show-client web", "extend-client app --scope openid"):
            assert off in await run(identity, line)
        docs = "change-client identity-docs --grant password"
        assert off in await run(identity, docs)
        assert off not in await run(identity, docs.replace("--grant", "--remove-grant"))
        assert off not in await run(identity, "show-client posts-pages")


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
    await identity.parts.clients.insert(of_others.as_client())
    said = await extend_client(identity, "theirs", "--scope", "introspect")
    assert "Its open sessions keep what they have; what is added needs another sign-in." in said


async def test_extension_by_nothing_is_refused(identity: Identity) -> None:
    with pytest.raises(Invalid, match="there is nothing to add"):
        await extend_client(identity, "web")


async def test_client_that_exists_is_replaced_only_with_the_option(identity: Identity) -> None:
    await create_client(identity, *CLIENT)
    with pytest.raises(Invalid, match="there is a client app already"):
        await create_client(identity, *CLIENT)
    said = await create_client(identity, *CLIENT, "--grant", "refresh_token", "--replace")
    assert "Grants: password, refresh_token." in said


async def test_service_that_exists_is_changed_only_with_the_option(identity: Identity) -> None:
    await create_service(identity, *SERVICE)
    with pytest.raises(Invalid, match="there is a service"):
        await create_service(identity, *SERVICE)
    assert "is saved" in await create_service(identity, *SERVICE, "--replace")


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
