"""python -m identity_service: serve, migrate, and administer."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from identity_service import account_commands, audit_commands, client_change_commands, client_commands
from identity_service.administration import Administration, AdministratorDraft, FirstAdministrator
from identity_service.audit_commands import run_command
from identity_service.installation import OWN_CLIENTS, POSTS_PAGES_CLIENT, Unassigned
from identity_service.parts import Parts, assemble
from identity_service.schema import MIGRATIONS
from identity_service.settings import IdentityMigrationSettings, Settings, SetupSettings
from watchword.service import CommandLine, load
from watchword.service.process import exit_on_sigterm

if TYPE_CHECKING:
    from watchword.service.commands import CommandGroup

Command = Callable[[Parts, argparse.Namespace], Awaitable[str]]
"""Carries out one command and returns what to print."""

Add = Callable[[str, str, Command], argparse.ArgumentParser]
"""Adds a command with this name and this description."""

_NO_PAGES: Final = (
    "Nobody can sign in on the pages of posts: set IDENTITY_POSTS_PAGES_ORIGIN to their https:// origin, since the"
    " audience of posts is an http:// URL of another machine."
)
_FIRST_ADMINISTRATOR: Final = {
    FirstAdministrator.CREATED: "The account {} was made; it is an administrator.",
    FirstAdministrator.NOT_NEEDED: "An administrator exists already.",
    FirstAdministrator.NAME_TAKEN: "There is no administrator: the name or the address of the account {} is taken.",
}


FORMER_NAMES: Final = {
    "rotate-keys": "keys rotate",
    "withdraw-key": "keys withdraw KID",
    "seal-keys": "keys seal",
    "retry-job": "jobs retry ID",
}


def main(arguments: Sequence[str] | None = None) -> None:
    words = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(prog="python -m identity_service")
    commands = parser.add_subparsers()
    _add_commands(commands)
    if words and words[0] in commands.choices:
        exit_on_sigterm()
        options = parser.parse_args(words)
        options.run(options)
        return
    line = CommandLine(
        "identity_service",
        __doc__,
        MIGRATIONS,
        Settings,
        IdentityMigrationSettings,
        groups=_groups,
        former_names=FORMER_NAMES,
    )
    line.reads("setup", SetupSettings)
    line.reads("prune-audit", IdentityMigrationSettings)
    line.run(words)


def _groups() -> "Sequence[CommandGroup[Any]]":
    # Imported here: a process that serves would keep it in memory.
    from identity_service.commands import GROUPS

    return GROUPS


async def _run(command: Command, options: argparse.Namespace, settings: type[Settings] = Settings) -> None:
    parts = assemble(load(settings))
    try:
        await run_command(parts, MIGRATIONS, _loaded(command), options)
    finally:
        parts.passwords.stop()


def _loaded(command: Command) -> Command:
    async def loaded(parts: Parts, options: argparse.Namespace) -> str:
        await parts.digest_keys.load()
        return await command(parts, options)

    return loaded


async def _setup(parts: Parts, _: argparse.Namespace) -> str:
    setup = load(SetupSettings)
    administration = Administration(parts)
    secret = setup.posts_client_secret.get_secret_value()
    key = await administration.install(setup.posts_audience, secret, setup.posts_pages_origin)
    client_ids = {client.id for client in await parts.clients.list_all()}
    lines = [f"The clients {', '.join(own for own in OWN_CLIENTS if own in client_ids)} are set up."]
    lines.extend([] if POSTS_PAGES_CLIENT in client_ids else [_NO_PAGES])
    lines.append("A signing key exists already." if key is None else f"The signing key {key.kid} was made.")
    lines.extend(_assignment(scope) for scope in await administration.assign_scopes(setup.posts_audience))
    if setup.admin_password and setup.admin_username and setup.admin_email:
        password = setup.admin_password.get_secret_value()
        draft = AdministratorDraft(setup.admin_username, setup.admin_email, password)
        outcome = await administration.create_first_administrator(draft)
        lines.append(_FIRST_ADMINISTRATOR[outcome].format(draft.username))
    return "\n".join(lines)


async def _set_roles(parts: Parts, options: argparse.Namespace) -> str:
    await Administration(parts).set_roles(options.username, options.roles)
    roles = ", ".join(options.roles) or "none"
    return f"Roles of {options.username}: {roles}. Tokens that say otherwise are refused from now on."


async def _set_permissions(parts: Parts, options: argparse.Namespace) -> str:
    await Administration(parts).set_permissions(options.role, options.permissions)
    permissions = ", ".join(sorted(set(options.permissions))) or "none"
    return f"Permissions of the role {options.role}: {permissions}. Tokens that say otherwise are refused from now on."


async def _delete_role(parts: Parts, options: argparse.Namespace) -> str:
    await Administration(parts).delete_role(options.role)
    return f"The role {options.role} is deleted, and nobody has it. Tokens that carry it are refused from now on."


async def _disable(parts: Parts, options: argparse.Namespace) -> str:
    await Administration(parts).set_active(options.username, False)
    return f"{options.username} is disabled, and all of their sessions have ended."


async def _enable(parts: Parts, options: argparse.Namespace) -> str:
    await Administration(parts).set_active(options.username, True)
    return f"{options.username} is enabled."


def _assignment(unassigned: Unassigned) -> str:
    scope, clients = unassigned.scope, ", ".join(unassigned.clients)
    return (
        f"The scope {scope} of the client {clients} belongs to no service, and no token carries it; assign it with:"
        f" create-service AUDIENCE --name NAME --scope '{scope}=TEXT' --replace"
    )


def _add_commands(commands: Any) -> None:
    def add(
        name: str, description: str, command: Command, settings: type[Settings] = Settings
    ) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = commands.add_parser(name, help=description, description=description)
        parser.set_defaults(run=lambda options: asyncio.run(_run(command, options, settings)))
        return parser

    add(
        "setup",
        "Make the clients, the first signing key and an administrator, unless they exist.",
        _setup,
        SetupSettings,
    )
    admin = add("create-admin", "Make an administrator, unless the username is taken.", account_commands.create_admin)
    account_commands.add_admin_arguments(admin)
    reset = "Give a user a generated password, and end their sessions."
    add("reset-password", reset, account_commands.reset_password).add_argument("username")
    roles = add("set-roles", "Give a user exactly these roles.", _set_roles)
    roles.add_argument("username")
    roles.add_argument("roles", nargs="*")
    permissions = add("set-permissions", "Give a role exactly these permissions.", _set_permissions)
    permissions.add_argument("role")
    permissions.add_argument("permissions", nargs="*")
    delete_role = add("delete-role", "Delete a role, and take it from everybody who has it.", _delete_role)
    delete_role.add_argument("role")
    add("disable-user", "Disable an account and end its sessions.", _disable).add_argument("username")
    add("enable-user", "Enable a disabled account.", _enable).add_argument("username")
    add_client_commands(add)
    prune = add("prune-audit", "Delete old entries of the audit log, as the owner role.", _setup)
    prune.set_defaults(run=lambda options: asyncio.run(audit_commands.run_as_owner(options)))
    audit_commands.add_pruning_arguments(prune)


def add_client_commands(add: Add) -> None:
    service = add("create-service", "Make a service that tokens can be meant for.", client_commands.create_service)
    client_commands.add_service_arguments(service)
    client = add("create-client", "Make a client.", client_commands.create_client)
    client_commands.add_client_arguments(client)
    extension = add("extend-client", "Allow a client more scopes and audiences.", client_commands.extend_client)
    client_commands.add_extension_arguments(extension)
    change = "Add or remove grants and URIs of a client."
    command = add("change-client", change, client_change_commands.change_client)
    client_change_commands.add_change_arguments(command)
    add("clients", "List the clients.", client_change_commands.list_clients)
    add("show-client", "Show what a client may do.", client_change_commands.show_client).add_argument("id")
    rotation = "Give a client another secret; the former one stays valid until end-former-secret."
    rotate = add("rotate-client-secret", rotation, client_change_commands.rotate_secret)
    client_change_commands.add_rotation_arguments(rotate)
    end = "End the former secret of a client."
    add("end-former-secret", end, client_change_commands.end_former_secret).add_argument("id")
