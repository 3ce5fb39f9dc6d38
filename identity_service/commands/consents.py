"""The command about what people allow applications."""

from typing import Annotated

import typer

from identity_service.administration import Administration
from identity_service.commands.acts import Wait, act_answer
from identity_service.commands.opening import open_parts
from identity_service.commands.users import User
from identity_service.parts import Parts
from identity_service.recording.cause import BY_COMMAND_LINE
from watchword.service.commands import Answer, CommandGroup

GROUP = CommandGroup("consents", "What people have allowed applications to do.", open_parts)

Application = Annotated[str, typer.Argument(metavar="CLIENT", help="The id of the application's client.")]


@GROUP.verb("withdraw")
async def withdraw_consent(parts: Parts, user: User, client: Application, *, wait: Wait = None) -> Answer:
    """Take back what a person has allowed an application, and end its sessions of this person."""
    user_id = await Administration(parts).find_user(user)
    act = await parts.consents.withdraw(user_id, client, BY_COMMAND_LINE)
    return await act_answer(
        parts, wait, act, f"{user} allows {client} nothing from now on, and its sessions have ended."
    )
