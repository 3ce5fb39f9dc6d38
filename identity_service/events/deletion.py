"""Deleting every stream of a client that is deleted itself."""

from functools import partial

from identity_service.events import repository
from identity_service.events.locking import block_enqueueing
from identity_service.events.models import StreamStatus
from identity_service.events.topics import acknowledgements_in, events_in, notify
from watchword.database.database import Database
from watchword.database.portions import delete_in_portions


async def delete_of_client(database: Database, client_id: str) -> None:
    """Disable the streams of this client, and delete them with every event that waits in them, in portions."""
    async with database.begin() as db:
        streams = await repository.all_of_for_update(db, client_id)
        if streams:
            # An act that still finds a stream enabled has put its event into it then, and is over.
            await block_enqueueing(db)
        for stream in streams:
            stream.status, stream.deletions_before = StreamStatus.DISABLED, None
            await repository.note_dropped(db, stream.id)
        last = {stream.id: await repository.last_event_id(db, stream.id) for stream in streams}
    for stream_id, newest in last.items():
        await delete_in_portions(database, partial(repository.delete_events, stream_id=stream_id, last=newest))
    async with database.begin() as db:
        for stream in await repository.all_of_for_update(db, client_id):
            await db.delete(stream)
            await notify(db, [events_in(stream.id), acknowledgements_in(stream.id)])
