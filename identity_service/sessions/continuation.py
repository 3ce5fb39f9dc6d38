"""Letting a session go on with another authentication of its person: a step-up (RFC 9470) signs nobody in anew."""

from collections.abc import Callable
from dataclasses import replace

from identity_service.authentications import Authentication
from identity_service.clients.models import Client
from identity_service.roles.models import RolesAndPermissions
from identity_service.sessions import continuation_statements, policy, rotation_statements
from identity_service.sessions.values import (
    IssuedRefreshToken,
    IssuedSession,
    Lifetimes,
    SessionScopes,
    SignInRequest,
    TokenSession,
    TokenUser,
)
from watchword.clock import Clock
from watchword.database.runners import StatementRunner


class SessionContinuation:
    """Gives sessions the authentication of a request, and a successor of their refresh token, which is spent as by a
    refresh. What was granted stays as it was. Times are read under the lock."""

    def __init__(self, lifetimes: Lifetimes, clock: Clock, ensure_mintable: Callable[[IssuedSession], None]) -> None:
        self._lifetimes = lifetimes
        self._clock = clock
        # Called before the commit: an error raised here leaves the session as it was.
        self._ensure_mintable = ensure_mintable

    async def go_on(
        self, db: StatementRunner, user: TokenUser, client: Client, request: SignInRequest
    ) -> IssuedSession | None:
        """The session that the request wants to go on with. None, with nothing changed, if there is no such session of
        this user with this client, if it is not live or comes from another sign-on, if more is requested than it was
        granted, or if it cannot be refreshed any more. The user and the sign-on of the request must be locked.

        A session that an answer to a later sign-in has reached before keeps that authentication, which the tokens of
        this answer say as well.

        Raises TokenTooLarge, NoSigningKey.
        """
        locked = await self._lock(db, user, client, request)
        if locked is None:
            return None
        session, request = locked
        token = await self._unspent(db, user, session) if request.gives_refresh_token else None
        if request.gives_refresh_token and token is None:
            return None
        return await self._issue(db, user, session, request, token)

    async def _lock(
        self, db: StatementRunner, user: TokenUser, client: Client, request: SignInRequest
    ) -> tuple[TokenSession, SignInRequest] | None:
        """The session, if it may go on, and the request with the authentication that it then has. Its row is locked."""
        if request.continued_session_id is None or request.sign_on is None or request.authentication is None:
            return None
        row = await db.fetch_row(
            continuation_statements.LOCK,
            session_id=request.continued_session_id,
            user_id=user.id,
            client_id=client.id,
            sign_on_id=request.sign_on.id,
        )
        if row is None:
            return None
        columns = tuple(row)
        session, granted, present = TokenSession(*columns[:3]), SessionScopes(*columns[3:7]), columns[7:]
        if self._clock.now() >= session.expires_at or not policy.covers(granted, client, request):
            return None
        authentication = request.authentication
        # A session of an earlier release does not say how its user was authenticated.
        if None not in present:
            authentication = authentication.or_later(Authentication(*present))
        return session, replace(request, authentication=authentication)

    async def _unspent(self, db: StatementRunner, user: TokenUser, session: TokenSession) -> IssuedRefreshToken | None:
        """The refresh token of the session that has not been traded in; None if it has expired or is not there."""
        row = await db.fetch_row(rotation_statements.UNSPENT, user_id=user.id, session_id=session.id)
        if row is None:
            return None
        token_id, issued_at, expires_at, *_ = row
        return IssuedRefreshToken(token_id, issued_at, expires_at) if self._clock.now() < expires_at else None

    async def _issue(
        self,
        db: StatementRunner,
        user: TokenUser,
        session: TokenSession,
        request: SignInRequest,
        token: IssuedRefreshToken | None,
    ) -> IssuedSession:
        """What the client gets. A refresh token that it does not ask for stays as it is."""
        now, authentication = self._clock.now(), request.authentication
        assert authentication is not None  # noqa: S101 - the request comes from a sign-on
        ids = {"user_id": user.id, "session_id": session.id}
        row = await db.fetch_row(continuation_statements.AUTHENTICATE, **ids, now=now, **_columns_of(authentication))
        assert row is not None  # noqa: S101 - the session is locked
        roles = RolesAndPermissions(*row)
        successor = None
        if token is not None:
            expires_at = policy.token_expires_at(now, self._lifetimes.refresh, session.expires_at)
            traded = {"token_id": token.id, "now": now, "expires_at": expires_at}
            row = await db.fetch_row(rotation_statements.TRADE_IN, **ids, **traded)
            assert row is not None  # noqa: S101 - an INSERT has a row
            successor = IssuedRefreshToken(*tuple(row)[:3])
        issued = IssuedSession(
            user, roles, session, successor, request.target, now, authentication, request.scopes, request.nonce
        )
        self._ensure_mintable(issued)
        return issued


def _columns_of(authentication: Authentication) -> dict[str, object]:
    return {"authenticated_at": authentication.at, "acr": authentication.acr, "amr": list(authentication.amr)}
