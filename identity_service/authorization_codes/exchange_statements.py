"""The statements of an exchange: one that locks what a code leads to, and one that marks the code as used."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from identity_service.authentications import Authentication
from identity_service.authorization_codes.models import AuthorizationCode
from identity_service.authorization_codes.values import LockedCode, SignOnOfCode
from identity_service.devices import Device
from identity_service.sessions.values import TokenUser
from identity_service.sign_ons.models import SignOn
from identity_service.users import repository as users
from identity_service.users.models import User
from watchword.database.statements import Statement

_IS_THIS: Final = AuthorizationCode.digest == bindparam("code_digest", type_=AuthorizationCode.digest.type)

# A query of its own, because PostgreSQL locks its row before it joins it. The user first: the deletion of an account
# locks its user and then deletes its codes.
_LOCKED_USER: Final = (
    select(User.id, User.username, User.version, users.MAY_GET_SESSIONS.label("may_get_sessions"))
    .where(User.id == select(AuthorizationCode.user_id).where(_IS_THIS).scalar_subquery())
    .with_for_update()
    .subquery("locked_user")
)
LOCK: Final = Statement(
    select(
        *_LOCKED_USER.c,
        AuthorizationCode.client_id,
        AuthorizationCode.redirect_uri,
        AuthorizationCode.code_challenge,
        AuthorizationCode.scopes,
        AuthorizationCode.audiences,
        AuthorizationCode.names_scopes,
        AuthorizationCode.nonce,
        AuthorizationCode.expires_at,
        AuthorizationCode.used_at,
        AuthorizationCode.session_id,
        AuthorizationCode.continued_session_id,
        AuthorizationCode.authenticated_at,
        AuthorizationCode.acr,
        AuthorizationCode.amr,
        SignOn.id,
        SignOn.created_at,
        SignOn.expires_at,
        SignOn.ended_at,
        SignOn.authenticated_at,
        SignOn.acr,
        SignOn.amr,
        SignOn.device,
        SignOn.address,
    )
    .select_from(_LOCKED_USER)
    .join(AuthorizationCode, AuthorizationCode.user_id == _LOCKED_USER.c.id)
    .join(SignOn, (SignOn.id == AuthorizationCode.sign_on_id) & (SignOn.user_id == _LOCKED_USER.c.id))
    .where(_IS_THIS)
    .with_for_update(of=[AuthorizationCode, SignOn])
)
"""What `locked_code_of` reads: the code with this digest, its user and its sign-on. The user is locked first, then the
code and the sign-on, in this order."""

MARK_USED: Final = Statement(
    update(AuthorizationCode)
    .where(_IS_THIS)
    .values(
        used_at=bindparam("now", type_=AuthorizationCode.created_at.type),
        session_id=bindparam("made_session_id", type_=AuthorizationCode.session_id.type),
    )
    .returning(AuthorizationCode.session_id)
)
"""Note that the code with this digest was traded in for the session `made_session_id`. The code must be locked."""


def locked_code_of(row: Iterable[Any]) -> LockedCode:
    """The code in a row of `LOCK`. The columns of each value stand in the order of its members."""
    columns = tuple(row)
    sign_on = SignOnOfCode(Device(*columns[25:]), Authentication(*columns[22:25]), *columns[18:22])
    return LockedCode(TokenUser(*columns[:3]), sign_on, Authentication(*columns[15:18]), *columns[3:15])
