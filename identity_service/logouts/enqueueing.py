"""Writing the jobs of logout tokens, in the transaction that ends the sessions."""

from collections.abc import Collection
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, Text, Uuid, any_, cast, column, func, literal, select, table
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.clients.models import ClientRow
from watchword.jobs import Jobs

LOGOUT: Final = "logout"
"""The kind of a logout token's job."""

# The package of sessions uses this one, so its model cannot be imported here.
_SESSIONS: Final = table(
    "sessions",
    column("id", Uuid),
    column("user_id", Uuid),
    column("client_id", String),
    column("ended_at"),
    schema=ClientRow.__table__.schema,
)


class EndedSession(NamedTuple):
    """What the payload of a job holds. It names no person, so it may outlive the account."""

    client_id: str
    sub: str
    sid: str


class Logouts:
    """Enqueues a logout token for each session whose client has registered a URI for them. If no client has one, this
    is one short statement."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    async def enqueue(self, db: AsyncSession, session_ids: Collection[UUID]) -> None:
        """Enqueue the logout tokens of these sessions, which this transaction has ended; there may be thousands."""
        if session_ids:
            ids = literal(list(session_ids), ARRAY(Uuid))
            await self._jobs.enqueue_each(db, LOGOUT, _payloads(_SESSIONS.c.id == any_(ids)))

    async def enqueue_of_user(self, db: AsyncSession, user_id: UUID) -> None:
        """Enqueue the logout tokens of every session of this user that has not ended. Call it before the user's rows
        are deleted. The sessions are locked, so that one that ends at the same time gets one token."""
        sessions = _payloads(_SESSIONS.c.user_id == user_id, _SESSIONS.c.ended_at.is_(None))
        await self._jobs.enqueue_each(db, LOGOUT, sessions.with_for_update(of=_SESSIONS))


def _payloads(*conditions: ColumnElement[bool]) -> Select[tuple[Any]]:
    values = (_SESSIONS.c.client_id, cast(_SESSIONS.c.user_id, Text), cast(_SESSIONS.c.id, Text))
    members = [part for pair in zip(EndedSession._fields, values, strict=True) for part in pair]
    return (
        select(func.jsonb_build_object(*members).label("payload"))
        .select_from(_SESSIONS)
        .join(ClientRow, ClientRow.id == _SESSIONS.c.client_id)
        .where(ClientRow.backchannel_logout_uri.is_not(None), *conditions)
    )
