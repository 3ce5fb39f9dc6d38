"""The commands for after a restore of this database or of identity's (`docs/operations.md`)."""

from typing import Annotated

import typer

from posts_service.commands import open_parts
from posts_service.parts import Parts
from posts_service.recovery.account_lists import AccountList
from posts_service.recovery.cards import AccountCards
from posts_service.recovery.revocations import Revocations
from watchword.service.commands import Answer, CommandGroup

GROUP = CommandGroup("recovery", "What is done after a restore of this database or of identity's.", open_parts)

File = Annotated[typer.FileBinaryRead, typer.Argument(metavar="FILE", help="A file, or - for standard input.")]


@GROUP.verb("write-cards")
async def write_cards(parts: Parts, file: File) -> Answer:
    """Write onto the cards of authors which accounts are disabled, from `identity_service recovery list-accounts`."""
    accounts, cards = AccountList(file), AccountCards(parts.database)
    changed = 0
    for portion in accounts.portions():
        changed += await cards.write(portion, accounts.at)
    text = f"Cards of authors that were changed: {changed}. Accounts in the list: {accounts.count}."
    return Answer(text, {"changed": changed, "accounts": accounts.count})


@GROUP.verb("forget-revocations")
async def forget_revocations(parts: Parts) -> Answer:
    """Delete the revocations that compare a version, after identity was restored and its keys were withdrawn."""
    deleted = await Revocations(parts.database).forget()
    return Answer(f"Revocations that were deleted: {deleted}.", {"deleted": deleted})
