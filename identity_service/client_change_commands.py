"""The commands for clients that are there already: clients, show-client, change-client, rotate-client-secret,
end-former-secret."""

import argparse
import secrets
from collections.abc import Sequence

from identity_service.administration import refuse
from identity_service.client_commands import add_grant_argument, add_uri_arguments
from identity_service.client_texts import describe, line_of
from identity_service.clients.changes import ClientChanges, ListChange
from identity_service.errors import ClientNotFound
from identity_service.parts import Parts


async def list_clients(parts: Parts, _: argparse.Namespace) -> str:
    return "\n".join(line_of(client) for client in await parts.clients.list_all()) or "There are no clients."


async def show_client(parts: Parts, options: argparse.Namespace) -> str:
    client = await parts.clients.find(options.id)
    if client is None:
        raise ClientNotFound(f"there is no client {options.id}; the command clients lists them")
    return "\n".join([f"The client {client.id}: {client.name}.", *describe(client)])


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
        refuse(["there is nothing to change: name what is to be added or removed"])
    client = await parts.clients.change(options.id, changes)
    return "\n".join([f"The client {client.id} is saved.", *describe(client)])


async def rotate_secret(parts: Parts, options: argparse.Namespace) -> str:
    secret = secrets.token_urlsafe(32)
    await parts.clients.rotate_secret(options.id, secret)
    return (
        f"{options.id} has another secret. The former one stays valid: once nothing uses it, run end-former-secret"
        f" {options.id}.\nSecret, shown only now: {secret}"
    )


async def end_former_secret(parts: Parts, options: argparse.Namespace) -> str:
    await parts.clients.end_former_secret(options.id)
    return f"The former secret of {options.id} is not valid."


def add_change_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("id")
    add_grant_argument(command, "--grant", "a way to get tokens that it is to have too")
    add_grant_argument(command, "--remove-grant", "one that it is to lose")
    add_uri_arguments(command)
    for name in ("--remove-redirect-uri", "--remove-post-logout-redirect-uri"):
        command.add_argument(name, action="append", default=[], metavar="URI")
    command.add_argument("--remove-backchannel-logout-uri", action="store_true")
    first_party = "whether it is a client of this installation, for which nobody is asked to consent"
    command.add_argument("--first-party", action=argparse.BooleanOptionalAction, help=first_party)


def _change(added: Sequence[str], removed: Sequence[str]) -> ListChange:
    return ListChange(tuple(added), tuple(removed))
