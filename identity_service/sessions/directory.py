"""The live sessions of all people, or of one."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from asyncpg import Record
from sqlalchemy import DateTime, Subquery, Uuid, bindparam, literal_column, select, true

from identity_service.sessions.models import Session
from identity_service.sessions.repository import is_live_at
from identity_service.sign_ons.models import SignOn
from identity_service.users.models import User
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.database.statements import Statement
from watchword.database.windows import AnySelect, page_of_window
from watchword.http.keyset import cursor_of, id_in

_LAST_ID: Final = UUID(int=2**128 - 1)
_COLUMNS: Final = (
    Session.id,
    Session.user_id,
    User.username,
    Session.client_id,
    Session.sign_on_id,
    Session.device,
    Session.address,
    Session.created_at,
    Session.last_seen_at,
    Session.expires_at,
)


def _live_of(window: Subquery) -> AnySelect:
    """The sessions of the window that are live."""
    live = (
        select(*_COLUMNS)
        .select_from(Session)
        .join(User, User.id == Session.user_id)
        .outerjoin(SignOn, SignOn.id == Session.sign_on_id)
        .where(Session.id == window.c.id, is_live_at(bindparam("now", type_=DateTime(timezone=True))))
    )
    # Each is looked up by its id.
    by_id = live.limit(literal_column("1")).lateral("session")
    return select(*by_id.c, window.c.key).select_from(window.join(by_id, true()))


_STEPS: Final = (
    select(Session.id, Session.id.label("key"))
    .where(Session.ended_at.is_(None), Session.id < bindparam("after", type_=Uuid()))
    .order_by(Session.id.desc())
)
NEWEST: Final = Statement(page_of_window(_STEPS, _live_of, is_descending=True))
NEWEST_OF_USER: Final = Statement(
    page_of_window(_STEPS.where(Session.user_id == bindparam("user_id", type_=Uuid())), _live_of, is_descending=True)
)


class SessionsPage(NamedTuple):
    """Some sessions, and the cursor of the page behind them; None for the last page. A page that is not the last may
    have fewer sessions than were asked for, and even none."""

    rows: Sequence[Record]
    next_cursor: str | None


class SessionDirectory:
    """Lists of live sessions for administrators."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._reads = database.reads
        self._clock = clock

    async def list(self, user_id: UUID | None, cursor: str | None, limit: int) -> SessionsPage:
        """The live sessions of everybody, or of this user, the newest first. Raises InvalidCursor."""
        name = f"live sessions {user_id}"
        after = _LAST_ID if cursor is None else id_in(name, cursor)
        values: dict[str, Any] = {"after": after, "limit": limit + 1, "now": self._clock.now()}
        if user_id is None:
            rows = await self._reads.fetch_rows(NEWEST, **values)
        else:
            rows = await self._reads.fetch_rows(NEWEST_OF_USER, user_id=user_id, **values)
        live = [row for row in rows if row["id"] is not None]
        last = live[limit - 1]["id"] if len(live) > limit else rows[0]["edge"]
        return SessionsPage(live[:limit], None if last is None else cursor_of(name, last.bytes))
