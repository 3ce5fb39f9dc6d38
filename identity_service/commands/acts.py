"""Acts that revoke: which services obey them, if the command waits for that."""

import asyncio
from typing import Annotated, Any

import typer

from identity_service.events.schemas import ObedienceRead
from identity_service.obedience.models import Act
from identity_service.obedience.preference import MAX_SECONDS
from identity_service.parts import Parts
from watchword.service.commands import Answer
from watchword.tasks import cancel_and_wait

Wait = Annotated[
    int | None,
    typer.Option(
        metavar="SECONDS",
        min=0,
        max=MAX_SECONDS,
        help="Wait until every service obeys, at most this long, and say which do.",
    ),
]


async def act_answer(
    parts: Parts, wait: int | None, act: Act | None, text: str, document: dict[str, Any] | None = None
) -> Answer:
    """The answer of a verb that revokes: what was done, and who obeys it after so many seconds at most. The members
    `obeyed` and `outstanding` of the document are null if nobody waits."""
    obedience = None if wait is None else await _obedience(parts, wait, act)
    members = {
        "obeyed": None if obedience is None else obedience.obeyed,
        "outstanding": None if obedience is None else obedience.outstanding,
    }
    words = text if obedience is None else f"{text}\n{_words(obedience)}"
    return Answer(words, {**(document or {}), **members})


async def _obedience(parts: Parts, wait: int, act: Act | None) -> ObedienceRead:
    # It hears of acknowledgements; without it they would be looked for once a second.
    listening = asyncio.ensure_future(parts.listener.run())
    try:
        return await parts.obedience.wait(act, wait)
    finally:
        await cancel_and_wait([listening])


def _words(obedience: ObedienceRead) -> str:
    obeyed = ", ".join(f"{one.service} after {one.after_ms} ms" for one in obedience.obeyed)
    return f"Obeyed by: {obeyed or 'none'}. Outstanding: {', '.join(obedience.outstanding) or 'none'}."
