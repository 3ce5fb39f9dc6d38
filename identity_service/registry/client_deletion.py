"""Deleting a client, with its streams and its sessions."""

from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.clients import repository as clients
from identity_service.clients.errors import ClientNeeded
from identity_service.clients.values import Expectation, members_of
from identity_service.consents import repository as consents
from identity_service.ending import EndReason
from identity_service.events import deletion as streams
from identity_service.events.enqueueing import NOTHING, Enqueued
from identity_service.obedience.models import Act
from identity_service.recording.acts import record_act
from identity_service.recording.cause import Cause
from identity_service.recording.recorder import Recorder
from identity_service.registry.own import OWN_CLIENTS
from identity_service.services import repository as services
from identity_service.sessions import repository as sessions
from identity_service.sessions.cleanup import SESSIONS_AT_ONCE
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.database.portions import delete_in_portions

ENDED_AT_ONCE: Final = 100
"""How many sessions end in one transaction: each is an event, and the acts of others wait for none of it for long."""


class ClientDeletion:
    """The client first loses every grant, so that it gets no token any more; then its sessions end, a few in each
    transaction, each with its event; then its rows go. If this is cut off, the client is there without a grant, and
    deleting it again goes on."""

    def __init__(self, database: Database, recorder: Recorder, clock: Clock) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock

    async def delete(self, client_id: str, cause: Cause, expect: Expectation) -> Act:
        """Raises ClientNotFound, ClientNeeded, and what `expect` raises. No logout token is sent to the client."""
        if client_id in OWN_CLIENTS:
            raise ClientNeeded(f"every installation has the client {client_id}")
        await self._close(client_id, cause, expect)
        await streams.delete_of_client(self._database, client_id)
        enqueued = NOTHING
        while ended := await self._end_some(client_id, cause):
            enqueued += ended
        await self._delete_rows(client_id)
        async with self._database.begin() as db:
            # The service whose own client this is will have none.
            await services.lock_shared(db)
            row = await clients.find_for_update(db, client_id)
            if row is not None:
                # Nobody starts a session of the client from here on: what was started since ends too.
                while ended := await self._end(db, client_id, cause):
                    enqueued += ended
                await db.delete(row)
        return Act(enqueued, cause.actor, client_id)

    async def _close(self, client_id: str, cause: Cause, expect: Expectation) -> None:
        async with self._database.begin() as db:
            row = await clients.get_for_update(db, client_id)
            before = row.as_client()
            expect(before)
            row.grants, row.backchannel_logout_uri = [], None
            # A client without a grant is one whose deletion has begun, and was recorded then.
            if before.grants:
                record_act(db, cause, "client.deleted", client_id, before=members_of(before), after=None)

    async def _end_some(self, client_id: str, cause: Cause) -> Enqueued:
        async with self._database.begin() as db:
            return await self._end(db, client_id, cause)

    async def _end(self, db: AsyncSession, client_id: str, cause: Cause) -> Enqueued:
        now = self._clock.now()
        reason = EndReason.CLIENT_DELETED
        ended = await sessions.end_some_of_client(db, client_id, reason, now, ENDED_AT_ONCE)
        enqueued = NOTHING
        for user_id, session_ids in ended.items():
            enqueued += await self._recorder.sessions_ended(db, now, user_id, session_ids, cause)
        return enqueued

    async def _delete_rows(self, client_id: str) -> None:
        """Delete what could be too much for the one statement that deletes the client."""
        await delete_in_portions(self._database, partial(consents.delete_of_client, client_id=client_id))
        while True:
            async with self._database.begin() as db:
                session_ids = await sessions.ids_over_of_client(db, client_id, self._clock.now(), SESSIONS_AT_ONCE)
            if not session_ids:
                return
            await self._delete_sessions(list(session_ids))

    async def _delete_sessions(self, session_ids: list[UUID]) -> None:
        await delete_in_portions(self._database, lambda db: sessions.delete_tokens_of(db, session_ids))
        async with self._database.begin() as db:
            await sessions.delete_without_tokens(db, session_ids)
