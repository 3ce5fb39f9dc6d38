"""The statement that starts a session."""

from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, ColumnElement, Select, bindparam, func, insert, select, true

from identity_service.roles import repository as roles
from identity_service.sessions import new_devices
from identity_service.sessions.models import RefreshToken, Session
from identity_service.users import repository as users
from identity_service.users.models import User
from watchword.database.statements import Statement

LOCK_UNCHANGED: Final = Statement(
    select(User.id, User.username, User.version, roles.must_add_second_factor(User.id, User.has_second_factor))
    .where(*users.UNCHANGED)
    .with_for_update()
)
"""The members of TokenUser, and whether the user must add a second factor; the row is locked until the transaction
ends. Users are always locked before sessions."""

_LIVE: Final = (
    select(Session.id)
    .where(
        Session.user_id == bindparam("user_id", type_=Session.user_id.type),
        Session.ended_at.is_(None),
        Session.expires_at > bindparam("created_at", type_=Session.created_at.type),
    )
    .limit(bindparam("most", type_=BigInteger))
    .subquery("live")
)
_HAS_ROOM: Final = select(func.count()).select_from(_LIVE).scalar_subquery() < bindparam("most", type_=BigInteger)

_COLUMNS: Final = (
    Session.user_id,
    Session.client_id,
    Session.scopes,
    Session.audiences,
    Session.audience,
    Session.names_scopes,
    Session.sign_on_id,
    Session.authenticated_at,
    Session.acr,
    Session.amr,
    Session.device,
    Session.address,
    Session.created_at,
    Session.expires_at,
)
_VALUES: Final = [bindparam(column.key, type_=column.type) for column in _COLUMNS]
_NOW: Final = bindparam("created_at", type_=Session.created_at.type)
# The roles are read in a later statement than the lock, so that they are not older than the user's version.
_ROLES: Final = roles.select_for_user(bindparam("user_id", type_=User.id.type)).subquery("roles_now")


def _insert(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    session = (
        insert(Session)
        .from_select([*_COLUMNS, Session.last_seen_at], select(*_VALUES, _NOW).where(*conditions))
        .returning(Session.id)
        .cte("session")
    )
    token = (
        insert(RefreshToken)
        .from_select(
            ["session_id", "issued_at", "expires_at"],
            select(
                session.c.id,
                bindparam("created_at", type_=RefreshToken.issued_at.type),
                bindparam("token_expires_at", type_=RefreshToken.expires_at.type),
            ).where(bindparam("gives_refresh_token", type_=Boolean)),
        )
        .returning(RefreshToken.id)
        .cte("token")
    )
    inserted = session.outerjoin(token, true()).join(_ROLES, true())
    return select(session.c.id, token.c.id, *_ROLES.c).select_from(inserted)


START: Final = Statement(_insert(_HAS_ROOM))
"""Insert a session and, if it `gives_refresh_token`, its first one; no row if the user has `most` live sessions
already. Returns the ids of both, and the user's roles. The user must be locked."""

START_ON_KNOWN_DEVICE: Final = Statement(_insert(_HAS_ROOM, new_devices.HAS_SESSION))
"""`START`; it also returns no row if no session of the user had this device after `known_since`."""
