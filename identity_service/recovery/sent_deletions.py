"""Sending every deletion of an account to every receiver again."""

from uuid import UUID

from sqlalchemy import func, select

from identity_service.events import repository
from identity_service.events.replay import Replay
from identity_service.recording.acts import record_act
from identity_service.recording.cause import Cause
from watchword.database.database import Database


class SentDeletions:
    """The deletions in the streams that ask for them. A receiver that has erased what it had of an account erases
    nothing when the deletion comes again."""

    def __init__(self, database: Database, replay: Replay) -> None:
        self._database = database
        self._replay = replay

    async def send_again(self, cause: Cause) -> list[UUID]:
        """Put all deletions into each of these streams again. Returns the ids of the streams. Those that are disabled
        are left out: they get all deletions once they are enabled, as a new stream does."""
        async with self._database.begin() as db:
            streams = await repository.lock_streams_of_deletions(db)
            ids = [stream.id for stream in streams]
            for stream in streams:
                stream.deletions_before = await db.scalar(select(func.clock_timestamp()))
                record_act(db, cause, "stream.deletions_sent", stream.id, before=None, after=None)
        for stream_id in ids:
            # If this process ends before it is done, the upkeep of a service goes on.
            await self._replay.add_deletions(stream_id)
        return ids
