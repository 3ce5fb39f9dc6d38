"""The command about what people allow applications."""

from typing import Annotated

import typer

from identity_service.commands.acts import Wait, act_answer
from identity_service.commands.opening import open_parts
from identity_service.parts import Parts
from identity_service.recording.cause import BY_COMMAND_LINE
from watchword.ids import parse_uuid
from watchword.service.commands import Answer, CommandGroup

GROUP = CommandGroup("consents", "What people have allowed applications to do.", open_parts)

User = Annotated[str, typer.Argument(metavar="USER", help="A username, an e-mail address or an id.")]
Application = Annotated[str, typer.Argument(metavar="CLIENT", help="The id of the application's client.")]


@GROUP.verb("withdraw")
async def withdraw_consent(parts: Parts, user: User, client: Application, *, wait: Wait = None) -> Answer:
    """Take back what a person has allowed an application, and end its sessions of this person."""
    user_id = parse_uuid(user) or await parts.accounts.find_id(user)
    act = await parts.consents.withdraw(user_id, client, BY_COMMAND_LINE)
    return await act_answer(
        parts, wait, act, f"{user} allows {client} nothing from now on, and its sessions have ended."
    )
