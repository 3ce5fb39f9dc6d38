"""The statements by which a session goes on with another authentication: one that locks it, and one that changes it."""

from typing import Final

from sqlalchemy import bindparam, select, update

from identity_service.roles import repository as roles
from identity_service.sessions.models import Session
from identity_service.users.models import User
from watchword.database.statements import Statement

_IS_THIS: Final = Session.id == bindparam("session_id", type_=Session.id.type)

LOCK: Final = Statement(
    select(
        Session.id,
        Session.client_id,
        Session.expires_at,
        Session.scopes,
        Session.audiences,
        Session.audience,
        Session.names_scopes,
        Session.authenticated_at,
        Session.acr,
        Session.amr,
    )
    .where(
        _IS_THIS,
        Session.user_id == bindparam("user_id", type_=Session.user_id.type),
        Session.client_id == bindparam("client_id", type_=Session.client_id.type),
        Session.sign_on_id == bindparam("sign_on_id", type_=Session.sign_on_id.type),
        Session.ended_at.is_(None),
    )
    .with_for_update()
)
"""A session of this user, this client and this sign-on that has not ended. Its row is locked after those of its user
and its sign-on, which must be; a refresh locks it before it spends the refresh token."""

_AUTHENTICATED: Final = (
    update(Session)
    .where(_IS_THIS)
    .values(
        authenticated_at=bindparam("authenticated_at", type_=Session.authenticated_at.type),
        acr=bindparam("acr", type_=Session.acr.type),
        amr=bindparam("amr", type_=Session.amr.type),
        last_seen_at=bindparam("now", type_=Session.last_seen_at.type),
    )
    .cte("authenticated")
)
# The roles are read in a later statement than the lock, so that they are not older than the user's version.
_ROLES: Final = roles.select_for_user(bindparam("user_id", type_=User.id.type)).subquery("roles_now")

AUTHENTICATE: Final = Statement(select(*_ROLES.c).select_from(_ROLES).add_cte(_AUTHENTICATED))
"""Note how the person of a session was authenticated, and that it was used. Returns the user's roles. The session must
be locked."""
