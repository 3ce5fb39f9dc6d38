"""The commands for clients and services: create-service, create-client, extend-client."""

import argparse
from collections.abc import Iterable, Sequence
from typing import Final

from identity_service.administration import Administration, refuse
from identity_service.client_texts import describe, list_of
from identity_service.clients.drafts import ClientDraft, ClientExtension
from identity_service.clients.grant_types import GrantType
from identity_service.clients.models import ApplicationType, Client
from identity_service.clients.secrets import generate_secret
from identity_service.parts import Parts
from identity_service.services.drafts import ServiceDraft
from identity_service.settings import Settings

_DEVICE_CODE: Final = "device_code"
_GRANTS: Final = ", ".join(_DEVICE_CODE if grant is GrantType.DEVICE_CODE else grant for grant in GrantType)


async def create_service(parts: Parts, options: argparse.Namespace) -> str:
    scopes, permissions = _texts("scope", options.scope), _texts("permission", options.permission)
    draft = ServiceDraft(options.audience, options.name, options.client, scopes, permissions)
    await Administration(parts).create_service(draft, replace=options.replace)
    own = f", its own client is {options.client}" if options.client else ""
    return (
        f"The service {options.audience} is saved{own}. Scopes named: {list_of(scopes)}."
        f" Permissions named: {list_of(permissions)}."
    )


async def create_client(parts: Parts, options: argparse.Namespace) -> str:
    secret = None if options.public else generate_secret()
    draft = ClientDraft(
        id=options.id,
        name=options.id if options.name is None else options.name,
        secret=secret,
        grants=options.grant,
        scopes=options.scope,
        audiences=options.audience,
        default_audience=options.default_audience,
        is_first_party=options.first_party,
        application_type=ApplicationType.NATIVE if options.native else ApplicationType.WEB,
        redirect_uris=options.redirect_uri,
        post_logout_redirect_uris=options.post_logout_redirect_uri,
        backchannel_logout_uri=options.backchannel_logout_uri,
    )
    warnings = await Administration(parts).create_client(draft, replace=options.replace)
    lines = [*_saved(draft.as_client(), parts.settings), *_warnings(warnings)]
    return "\n".join(lines if secret is None else [*lines, f"Secret, shown only now: {secret}"])


async def extend_client(parts: Parts, options: argparse.Namespace) -> str:
    if not (options.scope or options.audience or options.default_audience):
        refuse(["there is nothing to add: name a --scope, an --audience or a --default-audience"])
    extension = ClientExtension(options.scope, options.audience, options.default_audience)
    client, warnings = await Administration(parts).extend_client(options.id, extension)
    return "\n".join([*_saved(client, parts.settings), _effect_on_sessions(client), *_warnings(warnings)])


def add_service_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("audience", help="the URL that names the service in tokens (aud)")
    command.add_argument("--name", required=True, help="what people call the service")
    command.add_argument("--client", help="the service's own client, which may ask about tokens for the service")
    command.add_argument("--scope", action="append", default=[], metavar="SCOPE=TEXT")
    command.add_argument("--permission", action="append", default=[], metavar="PERMISSION=TEXT")
    command.add_argument("--replace", action="store_true", help="change a service that exists; what is not named stays")


def add_client_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--name")
    command.add_argument("--public", action="store_true", help="a client that cannot keep a secret")
    add_grant_argument(command, "--grant", "a way to get tokens")
    command.add_argument(
        "--first-party", action="store_true", help="the client belongs to this installation: nobody is asked to consent"
    )
    command.add_argument(
        "--native", action="store_true", help="an app on a device: its redirect URIs may have a scheme of their own"
    )
    add_uri_arguments(command)
    command.add_argument("--replace", action="store_true", help="replace the client with this id, and its secret")
    add_extension_arguments(command)


def add_extension_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("id")
    command.add_argument("--scope", action="append", default=[], help="a scope of a service")
    command.add_argument("--audience", action="append", default=[], help="the audience of a service")
    command.add_argument("--default-audience", help="the audience of tokens for which no resource is requested")


def add_uri_arguments(command: argparse.ArgumentParser) -> None:
    redirect = "where people go after signing in: https, or http to this machine"
    command.add_argument("--redirect-uri", action="append", default=[], metavar="URI", help=redirect)
    after = "where people may go after signing out"
    command.add_argument("--post-logout-redirect-uri", action="append", default=[], metavar="URI", help=after)
    logout = "where logout tokens are sent (OpenID Connect Back-Channel Logout)"
    command.add_argument("--backchannel-logout-uri", metavar="URI", help=logout)


def add_grant_argument(command: argparse.ArgumentParser, name: str, text: str) -> None:
    command.add_argument(
        name, action="append", default=[], type=_grant, choices=[*GrantType], metavar="GRANT", help=f"{text}: {_GRANTS}"
    )


def _grant(text: str) -> str:
    """The grant type; `device_code` is short for a URN."""
    return GrantType.DEVICE_CODE if text == _DEVICE_CODE else text


def _texts(kind: str, arguments: Sequence[str]) -> dict[str, str]:
    """The words with their texts, from arguments such as `notes:read=Read your notes`. Raises Invalid."""
    pairs = [argument.partition("=") for argument in arguments]
    words = [word for word, _, _ in pairs]
    refuse(
        [
            f"{word}: write --{kind} '{word}=TEXT', with a text that says what it allows"
            for word, separator, _ in pairs
            if not separator
        ]
        + [f"the {kind} {word} is named twice" for word in sorted(set(words)) if words.count(word) > 1]
    )
    return {word: text for word, _, text in pairs}


def _saved(client: Client, settings: Settings) -> list[str]:
    return [f"The client {client.id} is saved.", *describe(client, settings)]


def _effect_on_sessions(client: Client) -> str:
    if client.is_first_party:
        return "Its open sessions get this with their next refresh, unless their scopes were asked for by name."
    if "refresh_token" in client.grants:
        return "Its open sessions keep what they have; what is added needs another sign-in."
    return "It has no sessions; its next token can have this."


def _warnings(warnings: Iterable[str]) -> list[str]:
    return [f"Warning: {warning}." for warning in warnings]
