"""The commands about accounts."""

import sys
from typing import Annotated, Any

import typer

from identity_service.accounts.directory_statements import Filters
from identity_service.accounts.initial_passwords import generate_password
from identity_service.admin.user_schemas import AccountPage, AccountRead, AccountSummary
from identity_service.administration import AccountDraft, Administration
from identity_service.commands.acts import Wait, act_answer
from identity_service.commands.client_texts import list_of
from identity_service.commands.opening import open_parts
from identity_service.parts import Parts
from identity_service.password_input import read_password
from identity_service.users.models import INITIAL_PASSWORD_LIFETIME, AccountState
from watchword.service.command_options import Cursor, Limit
from watchword.service.commands import Answer, CommandGroup, WrongUsage, page_answer

User = Annotated[str, typer.Argument(metavar="USER", help="A username, an e-mail address or the id of an account.")]
Piped = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input: one line.")]

GROUP = CommandGroup("users", "Accounts, their roles and their sessions.", open_parts)


@GROUP.verb("list")
async def list_users(
    parts: Parts,
    *,
    q: Annotated[str | None, typer.Option("--q", help="How the username or the e-mail address begins.")] = None,
    role: Annotated[str | None, typer.Option(help="Only accounts that have this role.")] = None,
    state: Annotated[AccountState | None, typer.Option(help="Only accounts in this state.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Answer:
    """List accounts, the newest first, or search them."""
    filters = Filters((q or "").strip() or None, role, state)
    page = AccountPage.of(await parts.directory.list(filters, cursor, limit))
    return page_answer(page, [_line(account) for account in page.items], "There is no such account.")


@GROUP.verb("show")
async def show_user(parts: Parts, user: User) -> Answer:
    """Show an account, its roles and what they allow."""
    account = await _read(parts, user)
    return Answer("\n".join(_lines(account)), account)


@GROUP.verb("create")
async def create_user(
    parts: Parts,
    username: Annotated[str, typer.Argument(metavar="USERNAME")],
    *,
    email: Annotated[str, typer.Option(metavar="ADDRESS")],
    roles: Annotated[list[str] | None, typer.Option("--role", help="A role, beside the role user.")] = None,
    password_stdin: Piped = False,
    must_change: Annotated[
        bool | None,
        typer.Option(
            "--must-change/--no-must-change",
            help="Whether the person must change the password at the first sign-in; default: if it is generated.",
        ),
    ] = None,
) -> Answer:
    """Make an account, with a generated password or one that is piped in."""
    password = read_password() if password_stdin else generate_password()
    is_initial = not password_stdin if must_change is None else must_change
    draft = AccountDraft(username, email, password, is_initial)
    made = await Administration(parts).create_user(draft, roles or [])
    account = await _read(parts, str(made.user.id))
    lines = [f"{account.username} has an account, with the roles: {list_of(account.roles)}."]
    lines += [_first_sign_in(parts)] if is_initial else []
    shown = None if password_stdin else password
    lines += [] if shown is None else [f"Password, shown only now: {shown}"]
    return Answer("\n".join(lines), {**account.model_dump(), "password": shown})


@GROUP.verb("disable")
async def disable_user(parts: Parts, user: User, *, wait: Wait = None) -> Answer:
    """Disable an account and end its sessions."""
    changed = await Administration(parts).set_active(user, active=False)
    return await act_answer(parts, wait, changed.act, f"{user} is disabled, and all of their sessions have ended.")


@GROUP.verb("enable")
async def enable_user(parts: Parts, user: User, *, wait: Wait = None) -> Answer:
    """Enable a disabled account."""
    changed = await Administration(parts).set_active(user, active=True)
    return await act_answer(parts, wait, changed.act, f"{user} is enabled.")


@GROUP.verb("delete")
async def delete_user(
    parts: Parts,
    user: User,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    wait: Wait = None,
) -> Answer:
    """Delete an account with everything that belongs to it."""
    _confirm(user, yes)
    deleted = await Administration(parts).delete_user(user)
    text = f"{user} is deleted. Which services have erased their data: /account-deletions/{deleted.receipt}"
    return await act_answer(parts, wait, deleted.act, text, {"receipt": deleted.receipt})


@GROUP.verb("set-roles")
async def set_roles(
    parts: Parts,
    user: User,
    roles: Annotated[
        list[str] | None, typer.Argument(metavar="ROLE", help="Every role that the account shall have.")
    ] = None,
    *,
    wait: Wait = None,
) -> Answer:
    """Give an account exactly these roles."""
    changed = await Administration(parts).set_roles(user, roles or [])
    present = list(changed.account.roles.roles)
    text = f"Roles of {user}: {list_of(present)}. Tokens that say otherwise are refused from now on."
    return await act_answer(parts, wait, changed.act, text, {"roles": present})


@GROUP.verb("set-password")
async def set_password(parts: Parts, user: User, *, password_stdin: Piped = False, wait: Wait = None) -> Answer:
    """Give an account an initial password, generated or piped in, and end its sessions."""
    issued = await Administration(parts).set_password(user, read_password() if password_stdin else None)
    shown = None if password_stdin else issued.password
    lines = [
        f"The former password of {user} is not valid, and all of their sessions have ended.",
        _first_sign_in(parts),
        *([] if shown is None else [f"Password, shown only now: {shown}"]),
    ]
    return await act_answer(parts, wait, issued.act, "\n".join(lines), {"password": shown})


@GROUP.verb("end-sessions")
async def end_sessions(parts: Parts, user: User, *, wait: Wait = None) -> Answer:
    """End every session of an account, in browsers too."""
    act = await Administration(parts).end_sessions(user)
    text = f"{user} had no session." if act is None else f"All sessions of {user} have ended."
    return await act_answer(parts, wait, act, text)


@GROUP.verb("reset-factors")
async def reset_factors(parts: Parts, user: User, *, wait: Wait = None) -> Answer:
    """Remove the second factors and recovery codes of an account, and end its sessions."""
    act = await Administration(parts).reset_factors(user)
    done = f"The second factors of {user} are removed, and all of their sessions have ended."
    return await act_answer(parts, wait, act, f"{user} had no second factor." if act is None else done)


@GROUP.verb("send-password-reset")
async def send_password_reset(parts: Parts, user: User) -> Answer:
    """Send the letter that resets the password of an account."""
    await Administration(parts).send_password_reset(user)
    return Answer(f"{user} gets a letter. The present password stays valid until another one is set.", {})


def _confirm(user: str, yes: bool) -> None:
    """Ask the person at the terminal. Raises WrongUsage if there is none, or they do not want it."""
    if yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise WrongUsage(f"deleting cannot be undone: write --yes to delete {user}")
    if not typer.confirm(f"Delete the account {user} with everything that belongs to it?", err=True):
        raise WrongUsage("nothing was deleted")


async def _read(parts: Parts, user: str) -> AccountRead:
    return AccountRead.of_use(await parts.access.get(await Administration(parts).find_user(user)))


def _first_sign_in(parts: Parts) -> str:
    days = INITIAL_PASSWORD_LIFETIME.days
    return f"The person signs in at {parts.settings.issuer}/sign-in within {days} days, and chooses another password."


def _line(account: AccountSummary) -> str:
    return f"{account.id}  {account.username}  {account.email}  {account.state}  {list_of(account.roles)}"


def _lines(account: AccountRead) -> list[str]:
    verified = "verified" if account.email_verified else "not verified"
    members: dict[str, Any] = {
        "Id": account.id,
        "Username": account.username,
        "Full name": account.full_name or "none",
        "Address": f"{account.email}, {verified}",
        "State": account.state,
        "Roles": list_of(account.roles),
        "Permissions": list_of(account.permissions),
        "Must change the password": "yes" if account.must_change_password else "no",
        "Second factor": "yes" if account.has_second_factor else "no",
        "Live sessions": account.sessions,
        "Last sign-in": account.last_sign_in_at or "none that is live",
        "Created": account.created_at,
    }
    return [f"{name}: {value}" for name, value in members.items()]
