"""Acts whose obedience is waited for."""

import asyncio
from uuid import uuid4

from identity_service.events.enqueueing import Enqueued
from identity_service.events.schemas import ObedienceRead
from identity_service.events.topics import acknowledgements_in
from identity_service.recording.cause import by_user
from tests.support.services import Identity
from tests.support.waiting import PATIENCE_SECONDS, until

LONG = 60


async def act(identity: Identity) -> Enqueued:
    """End a session; returns the events of that."""
    parts, user_id = identity.parts, uuid4()
    async with parts.database.begin() as db:
        cause = by_user(user_id, "signed out")
        return await parts.recorder.sessions_ended(db, parts.clock.now(), user_id, [uuid4()], cause)


class Wait:
    """A wait that has begun."""

    def __init__(self, identity: Identity, enqueued: Enqueued) -> None:
        self._topics = identity.parts.transmitter.topics
        self._awaited = [acknowledgements_in(event.stream_id) for event in enqueued if event.jti is not None]
        self._task = asyncio.create_task(identity.parts.transmitter.obedience_wait.wait(enqueued, LONG))

    async def begun(self) -> "Wait":
        await until(lambda: all(self._topics.waiting_for(topic) for topic in self._awaited))
        return self

    async def outcome(self) -> tuple[list[str], list[str]]:
        return names(await asyncio.wait_for(self._task, PATIENCE_SECONDS / 2))


def names(obedience: ObedienceRead) -> tuple[list[str], list[str]]:
    """The services that obey, and those that are outstanding."""
    return [one.service for one in obedience.obeyed], obedience.outstanding
