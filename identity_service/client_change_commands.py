"""The commands for clients that exist: clients, show-client, change-client, rotate-client-secret,
end-former-secret."""

import argparse
from collections.abc import Sequence

from identity_service.administration import refuse
from identity_service.client_commands import add_grant_argument, add_uri_arguments
from identity_service.client_texts import describe, line_of
from identity_service.clients.changes import ClientChanges, ListChange
from identity_service.clients.secrets import generate_secret
from identity_service.errors import ClientNotFound
from identity_service.parts import Parts


async def list_clients(parts: Parts, _: argparse.Namespace) -> str:
    return "\n".join(line_of(client) for client in await parts.clients.list_all()) or "There are no clients."


async def show_client(parts: Parts, options: argparse.Namespace) -> str:
    client = await parts.clients.find(options.id)
    if client is None:
        raise ClientNotFound(f"there is no client {options.id}; the command clients lists them")
    return "\n".join([f"The client {client.id}: {client.name}.", *describe(client, parts.settings)])


async def change_client(parts: Parts, options: argparse.Namespace) -> str:
    changes = ClientChanges(
        grants=_change(options.grant, options.remove_grant),
        redirect_uris=_change(options.redirect_uri, options.remove_redirect_uri),
        post_logout_redirect_uris=_change(options.post_logout_redirect_uri, options.remove_post_logout_redirect_uri),
        backchannel_logout_uri=options.backchannel_logout_uri,
        removes_backchannel_logout_uri=options.remove_backchannel_logout_uri,
        is_first_party=options.first_party,
    )
    if changes == ClientChanges():
        refuse(["there is nothing to change: name what to add or to remove"])
    client = await parts.clients.change(options.id, changes)
    return "\n".join([f"The client {client.id} is saved.", *describe(client, parts.settings)])


async def rotate_secret(parts: Parts, options: argparse.Namespace) -> str:
    secret = generate_secret()
    await parts.clients.rotate_secret(options.id, secret, replaces_latest=options.lost)
    return (
        f"The client {options.id} has another secret. The former one stays valid until you run"
        f" end-former-secret {options.id}: do so once nothing uses it.\nSecret, shown only now: {secret}"
    )


async def end_former_secret(parts: Parts, options: argparse.Namespace) -> str:
    await parts.clients.end_former_secret(options.id)
    return f"The former secret of {options.id} is not valid from now on."


def add_change_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("id")
    add_grant_argument(command, "--grant", "add this way to get tokens")
    add_grant_argument(command, "--remove-grant", "remove this way to get tokens")
    add_uri_arguments(command)
    for name in ("--remove-redirect-uri", "--remove-post-logout-redirect-uri"):
        command.add_argument(name, action="append", default=[], metavar="URI", help="remove this URI")
    no_tokens = "send no logout tokens to this client"
    command.add_argument("--remove-backchannel-logout-uri", action="store_true", help=no_tokens)
    first_party = "whether the client belongs to this installation: then nobody is asked to consent"
    command.add_argument("--first-party", action=argparse.BooleanOptionalAction, help=first_party)


def add_rotation_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("id")
    lost = "nobody has the secret that was shown last: another one takes its place, and the former one stays valid"
    command.add_argument("--lost", action="store_true", help=lost)


def _change(additions: Sequence[str], removals: Sequence[str]) -> ListChange:
    return ListChange(tuple(additions), tuple(removals))
