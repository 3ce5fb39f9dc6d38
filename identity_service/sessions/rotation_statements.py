"""The statements of a rotation: one that locks, and one that trades the refresh token in or finds the unspent one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg
from sqlalchemy import bindparam, insert, select, true, update

from identity_service.authentications import Authentication, by_password
from identity_service.roles import repository as roles
from identity_service.sessions.models import RefreshToken, Session
from identity_service.sessions.values import (
    LockedSession,
    SessionScopes,
    SignOnOfSession,
    TokenSession,
    TokenUser,
)
from identity_service.sign_ons.models import SignOn
from identity_service.users import repository as users
from identity_service.users.models import User
from watchword.database.statements import Statement

# A query of its own, because PostgreSQL locks its row before it joins it: the user is locked first, as everywhere.
_LOCKED_USER: Final = (
    select(User.id, User.username, User.version, users.MAY_SIGN_IN.label("is_active"))
    .where(User.id == bindparam("user_id", type_=User.id.type))
    .with_for_update(read=True)
    .subquery("locked_user")
)
LOCK: Final = Statement(
    select(
        *_LOCKED_USER.c,
        Session.id,
        Session.client_id,
        Session.expires_at,
        Session.ended_at,
        Session.scopes,
        Session.audiences,
        Session.audience,
        Session.names_scopes,
        RefreshToken.expires_at.label("token_expires_at"),
        RefreshToken.used_at,
        Session.created_at,
        Session.authenticated_at,
        Session.acr,
        Session.amr,
        SignOn.id,
        SignOn.created_at,
        SignOn.last_seen_at,
        SignOn.expires_at,
        SignOn.ended_at,
    )
    .select_from(_LOCKED_USER)
    .join(Session, Session.user_id == _LOCKED_USER.c.id)
    .join(RefreshToken, RefreshToken.session_id == Session.id)
    .outerjoin(SignOn, SignOn.id == Session.sign_on_id)
    .where(RefreshToken.id == bindparam("token_id", type_=RefreshToken.id.type))
    .with_for_update(of=[Session, RefreshToken])
)
"""What `locked_session_of` reads. The user is locked in share mode, so that until the transaction ends no other can
disable it or change its roles; then the session and the token, in this order, for update. The sign-on needs no lock:
what ends one ends its sessions in the same transaction."""


def locked_session_of(row: asyncpg.Record) -> LockedSession:
    """The session in a row of `LOCK`, with its user and the token."""
    user, is_active, session, (ended_at, *scopes, token_expires_at, used_at) = row[:3], row[3], row[4:7], row[7:14]
    return LockedSession(
        TokenUser(*user),
        is_active,
        TokenSession(*session),
        ended_at,
        SessionScopes(*scopes),
        token_expires_at,
        used_at,
        _authentication(*row[14:18]),
        SignOnOfSession(*row[18:]) if row[18] is not None else None,
    )


def _authentication(
    created_at: datetime, authenticated_at: datetime | None, acr: str | None, amr: Sequence[str] | None
) -> Authentication:
    """How the user was authenticated for the session; in a row of an earlier release, with a password at its start."""
    if authenticated_at is None or acr is None or amr is None:
        return by_password(created_at)
    return Authentication(authenticated_at, acr, amr)


# The roles are read in a later statement than the lock, so that they are not older than the user's version.
_ROLES: Final = roles.select_for_user(bindparam("user_id", type_=User.id.type)).subquery("roles_now")

_SUCCESSOR: Final = (
    insert(RefreshToken)
    .values(
        session_id=bindparam("session_id", type_=RefreshToken.session_id.type),
        issued_at=bindparam("now", type_=RefreshToken.issued_at.type),
        expires_at=bindparam("expires_at", type_=RefreshToken.expires_at.type),
    )
    .returning(RefreshToken.id, RefreshToken.issued_at, RefreshToken.expires_at)
    .cte("successor")
)
_SPENT: Final = (
    update(RefreshToken)
    .where(RefreshToken.id == bindparam("token_id", type_=RefreshToken.id.type))
    .values(
        used_at=bindparam("now", type_=RefreshToken.issued_at.type),
        successor_id=select(_SUCCESSOR.c.id).scalar_subquery(),
    )
    .cte("spent")
)
_TOUCHED: Final = (
    update(Session)
    .where(Session.id == bindparam("session_id", type_=RefreshToken.session_id.type))
    .values(last_seen_at=bindparam("now", type_=RefreshToken.issued_at.type))
    .cte("touched")
)
TRADE_IN: Final = Statement(
    select(*_SUCCESSOR.c, *_ROLES.c).select_from(_SUCCESSOR.join(_ROLES, true())).add_cte(_SPENT, _TOUCHED)
)
"""Insert the successor of a refresh token, spend the token and note that its session was used. Returns the successor,
and the user's roles. The rows must be locked."""

UNSPENT: Final = Statement(
    select(RefreshToken.id, RefreshToken.issued_at, RefreshToken.expires_at, *_ROLES.c)
    .join(_ROLES, true())
    .where(
        RefreshToken.session_id == bindparam("session_id", type_=RefreshToken.session_id.type),
        RefreshToken.used_at.is_(None),
    )
)
"""The refresh token of the session that has not been traded in, and the user's roles: the end of its chain, however
long that is. The session must be locked. Every session has exactly one, which is its newest, so that it is deleted
last."""
