"""The receiver: events come in at least once, have their effect exactly once, and reach every process at once.

One process polls, under an advisory lock, and another takes over when it dies. What an event revokes is written down in
the transaction of its effect and told to every process by NOTIFY at its commit; only then is it acknowledged.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import httpx
import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from watchword.auth.errors import InvalidToken, UnknownKey
from watchword.auth.jws import LEEWAY_SECONDS, JwsReader
from watchword.auth.remote_keys import RemoteKeys
from watchword.auth.revocations import FOR_EVER, Kind, Revocation, Revocations
from watchword.clock import Clock, SystemClock
from watchword.database.notifications import Listener, wait_for
from watchword.errors import Unavailable
from watchword.events.security_event import TYPES, ReceivedEvent, open_token
from watchword.events.store import Store
from watchword.events.transmitter_client import TransmitterClient
from watchword.events.types import EventType
from watchword.http_client.tls import ssl_context
from watchword.http_client.traced import TracedClient
from watchword.observability.logs import new_request_id, request_id
from watchword.tasks import cancel_and_wait

logger = logging.getLogger("watchword.events")

BATCH: Final = 100
PAUSE_SECONDS: Final = (0.2, 5.0)
TURN_SECONDS: Final = 0.5
FORGET_SECONDS: Final = 300.0
RETRY_SECONDS: Final = 0.5
MOST_TRIES: Final = 20
START_SECONDS: Final = 15.0
CATCH_UP_SECONDS: Final = 3.0


Effect = Callable[[AsyncSession, ReceivedEvent], Awaitable[None]]
"""What an event means to one service, in the transaction in which it is received."""


@dataclass(frozen=True, slots=True)
class TransmitterAccount:
    """Whose events, and as which client."""

    issuer: str
    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class SilencePolicy:
    """What holds when the transmitter has not been heard for `seconds`: guarded writes are refused, or all goes on."""

    seconds: float
    refuse_writes: bool = False


class TransmitterSilent(Unavailable):
    code = "transmitter_silent"
    detail = "Whether you still may do this cannot be known at the moment; try again shortly."
    retry_after = 5


class Receiver:
    def __init__(
        self,
        feed: TransmitterAccount,
        store: Store,
        revocations: Revocations,
        effects: Mapping[str, Effect] | None = None,
        *,
        silence: SilencePolicy | None = None,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._feed = feed
        self._store = store
        self.revocations = revocations
        self._effects = dict(effects or {})
        self._silence = silence or SilencePolicy(90.0)
        self._clock = clock or SystemClock()
        self._transport = transport
        self._listener = Listener(store.database.dsn, store.tables.channel, self._on_told, self.load)
        self._loaded = asyncio.Event()
        self._caught_up = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._failures: dict[str, int] = {}
        self._pause = PAUSE_SECONDS[0]
        self._told_while_loading: list[str] | None = None
        self._began_at = self._clock.now().timestamp()
        self._heard_at = 0.0
        # Told of each event's lag, in seconds, when the event has had its effect.
        self.lag_seen: Callable[[float], None] | None = None

    def silent_for(self) -> float:
        """Seconds since any process of this service last heard the transmitter."""
        return max(0.0, self._clock.now().timestamp() - (self._heard_at or self._began_at))

    def is_silent(self) -> bool:
        return self.silent_for() > self._silence.seconds

    def ensure_in_contact(self, is_write: bool) -> None:
        """Raise TransmitterSilent for a write, where that is the policy."""
        if is_write and self._silence.refuse_writes and self.is_silent():
            raise TransmitterSilent(f"not heard for {self.silent_for():.0f} s")

    async def start(self) -> None:
        """Returns when this process listens and knows what was revoked before, also while no process was there to hear
        it. A transmitter that does not answer is tried once, and waited for no longer than `CATCH_UP_SECONDS`.

        Raises TimeoutError where the database does not answer.
        """
        self._loaded.clear()
        self._caught_up.clear()
        self._tasks = [asyncio.create_task(self._listener.run()), asyncio.create_task(self.run())]
        async with asyncio.timeout(START_SECONDS):
            await self._loaded.wait()
        await wait_for(self._caught_up, CATCH_UP_SECONDS)

    async def stop(self) -> None:
        await cancel_and_wait(self._tasks)
        self._tasks = []

    async def load(self) -> None:
        """Take over what is written down: before the first request is served, and when word may have been missed."""
        now = self._clock.now()
        told = self._told_while_loading = []
        found, heard_at = await self._store.load(now)
        self.revocations.replace(found, now.timestamp())
        # What was committed after the rows were read is not among them.
        self._told_while_loading = None
        for payload in told:
            self._on_told(payload)
        if heard_at is not None:
            self._heard_at = max(self._heard_at, heard_at.timestamp())
        self._loaded.set()

    async def run(self) -> None:
        """Poll whenever it is this process's turn, for as long as the task lives."""
        while True:
            try:
                async with self._turn() as lost:
                    await self._poll_until(lost)
            except Unavailable as error:
                logger.warning("nothing is received", extra={"reason": error.reason, "again_in": self._pause})
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                logger.warning("the database is away", extra={"error": repr(error)})
            except Exception:
                logger.exception("receiving failed")
            # One try is what a start waits for.
            self._caught_up.set()
            await self._rest()

    async def _rest(self) -> None:
        """Longer each time, until the transmitter is heard and everything it sends can be dealt with."""
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * 2, PAUSE_SECONDS[1])

    async def apply(self, received: ReceivedEvent) -> None:
        """The event's effect and its own record in one transaction; a second time it has none."""
        async with self._store.database.begin() as db:
            if not await self._store.is_new(db, received.jti):
                return
            await self._revoke(db, received)
            if (effect := self._effects.get(received.type)) is not None:
                await effect(db, received)
        if self.lag_seen is not None:
            self.lag_seen(max(0.0, (self._clock.now() - received.at).total_seconds()))

    async def _revoke(self, db: AsyncSession, received: ReceivedEvent) -> None:
        # A token of an issuer whose clock is ahead, accepted a little after its end, is still refused.
        until = self._clock.now().timestamp() + self.revocations.memory_seconds + 2 * LEEWAY_SECONDS
        subject = received.subject
        match received.type:
            case EventType.SESSION_REVOKED if received.session_id is not None:
                await self._store.revoke(db, Revocation(Kind.SESSION, received.session_id, FOR_EVER, until))
            case EventType.SESSION_REVOKED | EventType.TOKEN_CLAIMS_CHANGE | EventType.CREDENTIAL_CHANGE if subject:
                # A changed password ends sessions by events of their own; the session in which it was changed goes on.
                if received.type != EventType.CREDENTIAL_CHANGE:
                    await self._store.revoke(db, Revocation(Kind.CLAIMS, subject, received.valid_from, until))
            case EventType.ACCOUNT_DISABLED if subject:
                await self._store.revoke(db, Revocation(Kind.DISABLED, subject, FOR_EVER, until))
            case EventType.ACCOUNT_ENABLED if subject:
                await self._store.reinstate(db, Kind.DISABLED, subject)
            case EventType.ACCOUNT_PURGED if subject:
                await self._store.revoke(db, Revocation(Kind.PURGED, subject, FOR_EVER, until))
            case EventType.VERIFICATION | EventType.STREAM_UPDATED | EventType.IDENTIFIER_CHANGED:
                logger.info("an event of the stream", extra={"type": received.type, "jti": received.jti})
            case _:
                logger.warning("an event of no known kind", extra={"type": received.type, "jti": received.jti})

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[asyncio.Event]:
        """This process's turn to poll, given by an advisory lock; the event is set when the turn is lost."""
        connection = await asyncpg.connect(self._store.database.dsn, timeout=3, command_timeout=5)
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            name = f"{self._store.tables.schema} receiver"
            while not await connection.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", name):
                # Another process hears the transmitter, and what it hears is in the table and told to all.
                self._caught_up.set()
                await asyncio.sleep(TURN_SECONDS)
            yield lost
        finally:
            connection.terminate()

    async def _poll_until(self, lost: asyncio.Event) -> None:
        polling = asyncio.create_task(self._poll_for_ever())
        ending = asyncio.create_task(lost.wait())
        try:
            await asyncio.wait({polling, ending}, return_when=asyncio.FIRST_COMPLETED)
            if polling.done():
                await polling
        finally:
            await cancel_and_wait((polling, ending))

    async def _poll_for_ever(self) -> None:
        feed = self._feed
        request_id.set(new_request_id())
        async with TracedClient(transport=self._transport, verify=ssl_context(), timeout=5, trust_env=False) as http:
            transmitter = TransmitterClient(http, feed.issuer, feed.client_id, feed.client_secret)
            # An event whose key were refused for a cooldown would be lost, and only the transmitter names keys here.
            keys = RemoteKeys(await transmitter.discover(), transport=self._transport, cooldown=0)
            await keys.start()
            try:
                await self._poll_stream(transmitter, JwsReader(keys, TYPES))
            finally:
                await keys.stop()

    async def _poll_stream(self, transmitter: TransmitterClient, reader: JwsReader) -> None:
        url, audience = await transmitter.stream()
        ack: list[str] = []
        errors: dict[str, dict[str, str]] = {}
        forget_at = 0.0
        wait = False
        while True:
            request_id.set(new_request_id())
            sets, more = await transmitter.poll(url, ack, errors, BATCH, wait)
            ack, errors = await self._take(reader, sets, audience)
            if not more:
                self._caught_up.set()
            now = self._clock.now()
            await self._store.hear(transmitter.issuer, now)
            if now.timestamp() >= forget_at:
                forget_at = now.timestamp() + FORGET_SECONDS
                await self._store.forget(now)
            # The first answer, which comes at once, says that the transmitter is heard; the next ones may take long.
            wait = True
            if len(ack) + len(errors) == len(sets):
                self._pause = PAUSE_SECONDS[0]
            else:
                # Short: what failed comes again at once, and must not hold up what others have to tell.
                await asyncio.sleep(RETRY_SECONDS)

    async def _take(
        self, reader: JwsReader, sets: Mapping[str, Any], audience: str
    ) -> tuple[list[str], dict[str, dict[str, str]]]:
        """Those that are dealt with, and those that do not verify. What else fails is kept by the transmitter, comes
        again, and holds up no other."""
        ack, errors = [], {}
        for jti, token in sets.items():
            try:
                await self.apply(await open_token(reader, jti, token, self._feed.issuer, audience))
                ack.append(jti)
            except UnknownKey:
                # Minted by a process that is ahead of the one that gave us the keys: it comes again, with both agreed.
                logger.warning("an event whose key is not known yet", extra={"jti": jti})
            except InvalidToken as refusal:
                logger.error("an event that does not verify", extra={"jti": jti, "reason": refusal.reason})
                errors[jti] = {"err": "authentication_failed", "description": refusal.reason or ""}
            except Unavailable:
                raise
            except Exception:
                logger.exception("an event cannot be applied", extra={"jti": jti})
                self._failures[jti] = self._failures.get(jti, 0) + 1
                if self._failures[jti] >= MOST_TRIES:
                    errors[jti] = {"err": "invalid_request", "description": "cannot be applied"}
        self._failures = {jti: n for jti, n in self._failures.items() if jti in sets and jti not in errors}
        return ack, errors

    def _on_told(self, payload: str) -> None:
        if self._told_while_loading is not None:
            self._told_while_loading.append(payload)
        message: dict[str, Any] = orjson.loads(payload)
        if "add" in message:
            self.revocations.add(Revocation(*message["add"]), self._clock.now().timestamp())
        elif "remove" in message:
            self.revocations.remove(*message["remove"])
        else:
            self._heard_at = max(self._heard_at, float(message["heard"]))
