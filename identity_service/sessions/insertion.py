"""Inserting a session: the one statement by which every session starts."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from asyncpg.exceptions import IntegrityConstraintViolationError
from sqlalchemy.exc import IntegrityError

from identity_service.authentications import Authentication, by_password
from identity_service.errors import ClientNotAuthenticated
from identity_service.roles.models import RolesAndPermissions
from identity_service.sessions import policy, start_statements
from identity_service.sessions.values import (
    IssuedRefreshToken,
    IssuedSession,
    Lifetimes,
    SignInRequest,
    TokenSession,
    TokenUser,
)
from watchword.clock import Clock
from watchword.database.database import violates
from watchword.database.runners import StatementRunner
from watchword.database.statements import Statement


class SessionInsertion:
    """Inserts sessions of users who are locked. The time is read under that lock."""

    def __init__(self, lifetimes: Lifetimes, clock: Clock, ensure_mintable: Callable[[IssuedSession], None]) -> None:
        self._lifetimes = lifetimes
        self._clock = clock
        # Called before the commit: an error raised here leaves no session behind.
        self._ensure_mintable = ensure_mintable

    async def insert(
        self,
        db: StatementRunner,
        user: TokenUser,
        request: SignInRequest,
        statement: Statement = start_statements.START,
        **conditions: Any,
    ) -> IssuedSession | None:
        """Insert a session; None if the `conditions` of the statement are not met. The user and the sign-on of the
        request must be locked.

        Raises TokenTooLarge, NoSigningKey; ClientNotAuthenticated if the client was deleted meanwhile.
        """
        values = self._values(user.id, request)
        try:
            row = await db.fetch_row(statement, **values, **conditions)
        except (IntegrityError, IntegrityConstraintViolationError) as error:
            if violates(error, "sessions_client_id_fkey"):
                raise ClientNotAuthenticated(f"{request.client_id} was deleted meanwhile") from error
            raise
        if row is None:
            return None
        issued = _issued(user, row, values, request)
        self._ensure_mintable(issued)
        return issued

    def _values(self, user_id: UUID, request: SignInRequest) -> dict[str, Any]:
        """The arguments of the statement."""
        now = self._clock.now()
        expires_at = now + self._lifetimes.session
        if request.sign_on is not None:
            expires_at = min(expires_at, request.sign_on.created_at + self._lifetimes.sign_on.longest)
        authentication = request.authentication or by_password(now)
        return {
            "user_id": user_id,
            "client_id": request.client_id,
            "scopes": list(request.scopes),
            "audiences": list(request.audiences),
            "audience": request.target.audience,
            "names_scopes": request.names_scopes,
            "sign_on_id": request.sign_on.id if request.sign_on is not None else None,
            "authenticated_at": authentication.at,
            "acr": authentication.acr,
            "amr": list(authentication.amr),
            "device": request.device.description,
            "address": request.device.address,
            "created_at": now,
            "expires_at": expires_at,
            "token_expires_at": policy.token_expires_at(now, self._lifetimes.refresh, expires_at),
            "gives_refresh_token": request.gives_refresh_token,
        }


def _issued(user: TokenUser, row: Iterable[Any], values: Mapping[str, Any], request: SignInRequest) -> IssuedSession:
    """The session that the statement has inserted: `row` is what it returned, `values` are its arguments."""
    session_id, token_id, *roles = row
    now = values["created_at"]
    session = TokenSession(session_id, values["client_id"], values["expires_at"])
    token = IssuedRefreshToken(token_id, now, values["token_expires_at"]) if token_id is not None else None
    authentication = Authentication(values["authenticated_at"], values["acr"], values["amr"])
    return IssuedSession(
        user,
        RolesAndPermissions(*roles),
        session,
        token,
        request.target,
        now,
        authentication,
        request.scopes,
        request.nonce,
    )
