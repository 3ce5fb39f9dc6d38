"""The commands about signing keys, and about what seals them."""

from typing import Annotated, Final

import typer

from identity_service.admin.key_schemas import SealingRead, SigningKeyPage, SigningKeyRead
from identity_service.administration import Administration
from identity_service.commands.acts import Wait, act_answer
from identity_service.commands.opening import open_parts
from identity_service.parts import Parts
from identity_service.recording.cause import BY_COMMAND_LINE
from watchword.service.command_options import Cursor, Limit
from watchword.service.commands import Answer, CommandGroup, WrongUsage, page_answer

_TIME: Final = "%Y-%m-%d %H:%M:%S"

GROUP = CommandGroup("keys", "The keys that sign tokens, and what seals them.", open_parts)


@GROUP.verb("list")
async def list_keys(parts: Parts, *, limit: Limit = 20, cursor: Cursor = None) -> Answer:
    """List the signing keys, the last to sign first."""
    page = SigningKeyPage.of(await parts.admin.key_views.read_page(cursor, limit))
    return page_answer(page, [_line(key) for key in page.items], "There are no signing keys.")


@GROUP.verb("rotate")
async def rotate_key(parts: Parts) -> Answer:
    """Make a signing key, which takes over once every cached JWKS has it."""
    made = await parts.admin.key_rotation.rotate(BY_COMMAND_LINE)
    key = SigningKeyRead.of(await parts.admin.key_views.get(made.kid))
    return Answer(f"{key.kid} signs from {key.signs_from.isoformat(timespec='seconds')}.", key)


@GROUP.verb("withdraw")
async def withdraw_keys(
    parts: Parts,
    kid: Annotated[
        str | None,
        typer.Argument(metavar="KID", help="The id of a key; write -- before one that begins with a hyphen."),
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every key, so that everybody has to sign in again.")] = False,
    wait: Wait = None,
) -> Answer:
    """Withdraw a key that has leaked: what it has signed is refused everywhere from now on."""
    if every == (kid is not None):
        raise WrongUsage("name the id of one key, or --all")
    administration = Administration(parts)
    kids = [kid] if kid is not None else await administration.usable_keys()
    withdrawn = await administration.withdraw_keys(kids)
    number = "unknown, because counting took too long" if withdrawn.sessions is None else withdrawn.sessions
    text = (
        f"Withdrawn, so that every service refuses what it has signed: {', '.join(kids)}\n"
        f"{withdrawn.signing_kid} signs from now on.\n"
        f"Sessions that must sign in again: {number}."
    )
    document = {"withdrawn": kids, "signing_kid": withdrawn.signing_kid, "sessions": withdrawn.sessions}
    return await act_answer(parts, wait, withdrawn.act, text, document)


@GROUP.verb("seal")
async def seal_keys(parts: Parts) -> Answer:
    """Seal everything anew under IDENTITY_KEY_ENCRYPTION_KEY, which every process must have."""
    sealed = SealingRead.of(await parts.admin.sealing_anew.seal(BY_COMMAND_LINE))
    lines = [
        f"{kind.kind}: {kind.sealed} sealed anew" + (f", {kind.unopened} not opened" if kind.unopened else "")
        for kind in sealed.kinds
    ]
    text = f"The key-encryption key {sealed.key_encryption_key} seals everything from now on."
    return Answer("\n".join([text, *lines]), sealed)


def _line(key: SigningKeyRead) -> str:
    """One line of the list of keys; times are in UTC."""
    withdrawn = "withdrawn, since it leaked" if key.state == "compromised" else f"withdrawn {key.withdrawn_at:{_TIME}}"
    times = f"signs {key.signs_from:{_TIME}} to {key.signs_until:{_TIME}}  {withdrawn}"
    return f"{key.kid}  {key.state}  {times}{'' if key.opens else '  cannot be opened'}"
