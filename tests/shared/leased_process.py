"""The lease of one process over the tables of posts."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime

from posts_service.tables import RECEIVER
from tests.shared.receivers import principal
from tests.support.databases import Databases
from watchword.auth import Revocations
from watchword.auth.revocations import FOR_EVER, Kind, Revocation
from watchword.clock import Clock, SystemClock
from watchword.database import Database
from watchword.events import EventType, ReceivedEvent
from watchword.events.postgres_store import PostgresStore
from watchword.events.process_lease import OnResult, ProcessLease
from watchword.events.refusal_delay import RefusalDelay
from watchword.events.store import StoredEvent


class GatedStore(PostgresStore):
    """A store that stops after each portion of everything while its `gate` is closed, and says so by `reached`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, RECEIVER, "https://issuer.example")
        self.gate, self.reached = asyncio.Event(), asyncio.Event()
        self.gate.set()

    def close_gate(self) -> None:
        self.gate.clear()
        self.reached.clear()

    async def read_all(self, position: int, now: datetime) -> AsyncGenerator[Sequence[Revocation], None]:
        async with aclosing(super().read_all(position, now)) as portions:
            async for portion in portions:
                await self._pass()
                yield portion
        await self._pass()

    async def _pass(self) -> None:
        self.reached.set()
        await self.gate.wait()


@asynccontextmanager
async def leased_process(
    databases: Databases, clock: Clock | None = None, on_result: OnResult = lambda _, __: None
) -> AsyncIterator[tuple[ProcessLease, Revocations]]:
    await databases.empty("posts")
    database, revocations = Database(databases.url("posts_app"), size=1), Revocations(900)
    lease = ProcessLease(GatedStore(database), revocations, clock or SystemClock(), RefusalDelay(), on_result)
    try:
        yield lease, revocations
    finally:
        await lease.stop()
        await database.close()


def store_of(lease: ProcessLease) -> GatedStore:
    assert isinstance(lease._store, GatedStore)
    return lease._store


async def take(lease: ProcessLease, key: str, kind: Kind = Kind.SESSION, valid_from: int = FOR_EVER) -> StoredEvent:
    """Take an event that revokes this, as the process that polls."""
    store = lease._store
    if not await store.renew_poll_lease():
        assert await store.take_poll_lease()
    now = datetime.now(UTC)
    received = ReceivedEvent(f"{key} {now}", EventType.SESSION_REVOKED, None, key, {}, now)
    return await store.take(received, Revocation(kind, key, valid_from, now.timestamp() + 3_600), has_effect=False)


def is_refused(revocations: Revocations, session_id: str) -> bool:
    return revocations.refuses(principal(session_id=session_id))


def unreachable_url(databases: Databases) -> str:
    """The URL of the database on a port at which nothing listens."""
    return databases.url("posts_app").replace(f":{databases.server.port}/", ":9/")
