"""Receivers over the tables of posts, each as if it were a process of its own, and what they refuse."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from posts_service.tables import RECEIVER
from tests.shared.ssf import Transmitter
from tests.support.databases import Databases
from watchword.auth.principal import Principal, instant
from watchword.auth.revocations import Kind, Revocation, Revocations
from watchword.database import Database
from watchword.events import receive_security_events
from watchword.events.postgres_receiver import PostgresReceiver
from watchword.events.receiver import Receiver
from watchword.events.types import iss_sub

OF_A_KIND = "https://events.example/of-a-kind"
"""The type of an event that only the tests know."""

# What a process finds that stood still for longer than the poll lease is valid.
END_LEASE = "UPDATE posts.poll_lease SET holder = 'another', valid_until = now()"
TELL_OTHERS = "SELECT pg_notify('posts_receiver_signals', 'free')"


@asynccontextmanager
async def receiving(
    databases: Databases, transmitter: Transmitter, *, client_id: str = "receiver", started: bool = True, **options: Any
) -> AsyncIterator[PostgresReceiver]:
    """A receiver, which has started unless `started` is False; `options` are those of `receive_security_events`."""
    database = Database(databases.url("posts_app"), size=2)
    issuer = transmitter.issuer.url
    options.setdefault("client_secret", "secret")
    receiver = receive_security_events(issuer, database, RECEIVER, client_id=client_id, **options)
    assert isinstance(receiver, PostgresReceiver)
    try:
        if started:
            await receiver.start()
        yield receiver
    finally:
        await receiver.stop()
        await database.close()


def refuses(
    receiver: Receiver, subject: str = "", session_id: str | None = None, issued_at: float = 1000, **more: Any
) -> bool:
    """Whether a token of this subject and session is refused by this process; `more` are fields of the principal."""
    return receiver.revocations.refuses(principal(subject, session_id, issued_at, **more))


def principal(subject: str = "", session_id: str | None = None, issued_at: float = 1000, **more: Any) -> Principal:
    nothing: frozenset[str] = frozenset()
    issued, expires = instant(issued_at), instant(issued_at + 600)
    caller = Principal(subject, "web", "jti", issued, expires, session_id, "ada", nothing, nothing, nothing)
    return caller._replace(**more)


def session(session_id: str) -> dict[str, Any]:
    """A subject identifier that names a session without its user."""
    return {"format": "complex", "session": {"format": "opaque", "id": session_id}}


def user(transmitter: Transmitter, subject: str) -> dict[str, Any]:
    return iss_sub(transmitter.issuer.url, subject)


def only(*revocations: Revocation) -> Revocations:
    """What a process holds that knows of nothing but these."""
    held = Revocations(900)
    for revocation in revocations:
        held.add(revocation, 0)
    return held


async def stored(databases: Databases, kind: str = Kind.SESSION) -> list[str]:
    """The keys of the revocations of this kind in the database."""
    rows = await databases.fetch("posts_app", "SELECT key FROM posts.revocations WHERE kind = $1 ORDER BY key", kind)
    return [row["key"] for row in rows]
