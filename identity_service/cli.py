"""python -m identity_service: serve, migrate, and what an administrator does at the command line."""

import argparse
import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable, Sequence

from identity_service import administration
from identity_service.parts import MIGRATIONS, Parts, assemble
from identity_service.settings import IdentityMigrationSettings, Settings, SetupSettings
from watchword.errors import AppError
from watchword.service import CommandLine, load

Command = Callable[[Parts, argparse.Namespace], Awaitable[str]]


def main(arguments: Sequence[str] | None = None) -> None:
    line = CommandLine("identity_service", __doc__, MIGRATIONS, Settings, IdentityMigrationSettings)
    _add_commands(line)
    line.run(arguments)


async def _run(command: Command, options: argparse.Namespace) -> None:
    parts = assemble(load(Settings))
    try:
        print(await command(parts, options))
    except AppError as error:
        print(error.reason or error.detail, file=sys.stderr)
        raise SystemExit(1) from None
    finally:
        parts.passwords.stop()
        await parts.database.close()


async def _setup(parts: Parts, _: argparse.Namespace) -> str:
    setup = load(SetupSettings)
    done = await administration.set_up(parts, setup.posts_audience, setup.posts_client_secret.get_secret_value())
    if setup.admin_password is not None:
        done += "\n" + await administration.ensure_administrator(parts, setup.admin_password.get_secret_value())
    return done


async def _create_admin(parts: Parts, options: argparse.Namespace) -> str:
    password = sys.stdin.readline().rstrip("\n") if options.password_stdin else secrets.token_urlsafe(15)
    made = await administration.create_admin(parts, options.username, options.email, password)
    if not made:
        return f"{options.username} exists already; nothing was changed"
    shown = "" if options.password_stdin else f"; password: {password}"
    return f"{options.username} is an administrator{shown}"


async def _set_roles(parts: Parts, options: argparse.Namespace) -> str:
    await administration.set_roles(parts, options.username, options.roles)
    return f"{options.username} has {', '.join(options.roles) or 'no role'}; older tokens are refused"


async def _disable(parts: Parts, options: argparse.Namespace) -> str:
    await administration.set_active(parts, options.username, False)
    return f"{options.username} is disabled; every session of theirs has ended"


async def _enable(parts: Parts, options: argparse.Namespace) -> str:
    await administration.set_active(parts, options.username, True)
    return f"{options.username} is enabled"


async def _keys(parts: Parts, _: argparse.Namespace) -> str:
    return await administration.list_keys(parts)


async def _rotate_keys(parts: Parts, _: argparse.Namespace) -> str:
    key = await administration.rotate_keys(parts)
    return f"{key.kid} signs from {key.signs_from.isoformat(timespec='seconds')}"


async def _withdraw_key(parts: Parts, options: argparse.Namespace) -> str:
    key = await administration.withdraw_key(parts, options.kid)
    return f"{options.kid} is withdrawn; {key.kid} signs"


async def _create_client(parts: Parts, options: argparse.Namespace) -> str:
    secret = None if options.public else secrets.token_urlsafe(32)
    await administration.create_client(
        parts, options.id, options.name or options.id, secret, options.grant, options.scope, options.audience
    )
    return f"client {options.id}" + (f"; secret, shown only now: {secret}" if secret else ", public")


async def _extend_client(parts: Parts, options: argparse.Namespace) -> str:
    await administration.extend_client(parts, options.id, options.scope, options.audience)
    return f"{options.id} may ask for these too"


def _add_commands(line: CommandLine) -> None:
    def add(name: str, description: str, command: Command) -> argparse.ArgumentParser:
        return line.add(name, description, lambda options: asyncio.run(_run(command, options)))

    add("setup", "Make the clients, the first signing key and an administrator; nothing where they are there.", _setup)
    admin = add("create-admin", "Make an administrator; nothing where the name is taken.", _create_admin)
    admin.add_argument("--username", required=True)
    admin.add_argument("--email", required=True)
    admin.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    roles = add("set-roles", "Give a user exactly these roles.", _set_roles)
    roles.add_argument("username")
    roles.add_argument("roles", nargs="*")
    add("disable-user", "Close an account and end its sessions.", _disable).add_argument("username")
    add("enable-user", "Open an account again.", _enable).add_argument("username")
    add("keys", "List the signing keys.", _keys)
    add("rotate-keys", "Make a new signing key, which takes over as soon as everybody can know it.", _rotate_keys)
    add("withdraw-key", "Take a compromised key out at once.", _withdraw_key).add_argument("kid")
    client = add("create-client", "Make or replace a client.", _create_client)
    client.add_argument("--name")
    client.add_argument("--public", action="store_true", help="a client that cannot keep a secret")
    client.add_argument("--grant", action="append", default=[], choices=administration.GRANTS)
    for command in (client, add("extend-client", "Let a client ask for more scopes and audiences.", _extend_client)):
        command.add_argument("id")
        command.add_argument("--scope", action="append", default=[])
        command.add_argument("--audience", action="append", default=[])
