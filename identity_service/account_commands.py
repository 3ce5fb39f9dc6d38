"""Commands that make accounts and give them passwords."""

import argparse

from identity_service.accounts.initial_passwords import generate_password
from identity_service.administration import Administration, AdministratorDraft
from identity_service.parts import Parts
from identity_service.password_input import read_password
from identity_service.users.models import INITIAL_PASSWORD_LIFETIME


def add_admin_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--username", required=True)
    parser.add_argument("--email", required=True)
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    must_change = "whether the person must change the password at the first sign-in; default: if it is generated"
    parser.add_argument("--must-change", action=argparse.BooleanOptionalAction, help=must_change)


async def create_admin(parts: Parts, options: argparse.Namespace) -> str:
    """Make an administrator, and return what to print."""
    is_generated = not options.password_stdin
    password = generate_password() if is_generated else read_password()
    must_change = is_generated if options.must_change is None else options.must_change
    draft = AdministratorDraft(options.username, options.email, password, must_change)
    if not await Administration(parts).create_administrator(draft):
        return f"The username {options.username} is taken; nothing was changed."
    lines = [f"{options.username} is an administrator."]
    if must_change:
        lines.append(_first_sign_in(parts))
    if is_generated:
        lines.append(f"Password, shown only now: {password}")
    return "\n".join(lines)


async def reset_password(parts: Parts, options: argparse.Namespace) -> str:
    """Give an account an initial password, and return what to print."""
    password = await Administration(parts).reset_password(options.username)
    ended = f"The former password of {options.username} is not valid, and all of their sessions have ended."
    return f"{ended}\n{_first_sign_in(parts)}\nPassword, shown only now: {password}"


def _first_sign_in(parts: Parts) -> str:
    days = INITIAL_PASSWORD_LIFETIME.days
    return f"The person signs in at {parts.settings.issuer}/sign-in within {days} days, and chooses another password."
