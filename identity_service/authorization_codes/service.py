"""Issuing authorization codes, and trading them in for sessions."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError

from identity_service.authorization_codes import exchange_statements, policy
from identity_service.authorization_codes.models import LIFETIME, AuthorizationCode
from identity_service.authorization_codes.values import Allowance, LockedCode, PresentedCode
from identity_service.clients.errors import ClientNotFound
from identity_service.clients.models import Client
from identity_service.clients.narrowing import audience_within, gives_refresh_token
from identity_service.consents import repository as consents
from identity_service.ending import EndReason
from identity_service.errors import AccountChanged, CodeRefused, CodeUsed
from identity_service.random_tokens import digest_of, make_token
from identity_service.recording.recorder import Recorder
from identity_service.sessions.continuation import SessionContinuation
from identity_service.sessions.ending import end_replayed
from identity_service.sessions.start import SessionStart
from identity_service.sessions.values import IssuedSession, SignInRequest, SignOnOfRequest
from identity_service.sign_ons.values import LiveSignOn
from watchword.clock import Clock
from watchword.database.database import Database, violates
from watchword.database.runners import SessionRunner, StatementRunner


class AuthorizationCodes:
    """The codes of all clients. Times are read under the lock."""

    def __init__(
        self,
        database: Database,
        session_start: SessionStart,
        continuation: SessionContinuation,
        recorder: Recorder,
        clock: Clock,
    ) -> None:
        self._database = database
        self._session_start = session_start
        self._continuation = continuation
        self._recorder = recorder
        self._clock = clock

    async def issue(self, sign_on: LiveSignOn, allowance: Allowance) -> str:
        """A code with which the client gets a session of this sign-on, once and soon.

        Raises AccountChanged if the account was deleted meanwhile, ClientNotFound if the client was.
        """
        code = make_token()
        try:
            async with self._database.begin() as db:
                db.add(_row(code, sign_on, allowance, self._clock.now()))
        except IntegrityError as error:
            if any(violates(error, f"authorization_codes_{column}_fkey") for column in ("user_id", "sign_on_id")):
                raise AccountChanged("the account was deleted") from error
            if violates(error, "authorization_codes_client_id_fkey"):
                raise ClientNotFound("the client was deleted") from error
            raise
        return code

    async def exchange(self, presented: PresentedCode) -> IssuedSession:
        """Start the session that the code is for, or let the one go on that it names. A code that was used before ends
        the session that it was traded in for: somebody else may have been the first (RFC 6749 section 4.1.2).

        Raises CodeRefused; AccountChanged if the person may not sign in by now, or the sign-on is over;
        ScopeNotAllowed, AudienceNotAllowed, TokenTooLarge, NoSigningKey.
        """
        try:
            return await self._exchange_if_room(presented) or await self._exchange_with_room(presented)
        except CodeUsed as used:
            await self._end_replayed(used)
            raise

    async def _exchange_if_room(self, presented: PresentedCode) -> IssuedSession | None:
        """Trade the code in, and change nothing else; None, with nothing changed, if another session must end first."""
        async with self._database.writes.begin() as db:
            code, request = await self._lock(db, presented)
            issued = await self._continuation.go_on(db, code.user, presented.request.client, request)
            if issued is None:
                issued = await self._session_start.start_if_room(db, code.user, request)
            if issued is not None:
                await _mark_used(db, presented, issued)
        return issued

    async def _exchange_with_room(self, presented: PresentedCode) -> IssuedSession:
        async with self._database.begin() as db:
            runner = SessionRunner(db)
            code, request = await self._lock(runner, presented)
            issued = await self._continuation.go_on(runner, code.user, presented.request.client, request)
            if issued is None:
                issued = await self._session_start.start_with_room(db, code.user, request)
            await _mark_used(runner, presented, issued)
        return issued

    async def _lock(self, db: StatementRunner, presented: PresentedCode) -> tuple[LockedCode, SignInRequest]:
        """The code, if it may be traded in, and the session that it allows. Its user and its sign-on are locked too.

        Raises CodeRefused; AccountChanged; ScopeNotAllowed, AudienceNotAllowed.
        """
        row = await db.fetch_row(exchange_statements.LOCK, code_digest=digest_of(presented.code))
        if row is None:
            raise CodeRefused("unknown code")
        code, now = exchange_statements.locked_code_of(row), self._clock.now()
        policy.ensure_presented_by_its_client(code, presented)
        policy.ensure_unused(code, now)
        await _ensure_allowed(db, code, presented.request.client)
        request = _sign_in_request(code, presented)
        policy.ensure_signed_on(code, now)
        return code, request

    async def _end_replayed(self, used: CodeUsed) -> None:
        """End the session that the code was traded in for, if it has not ended. It may be a transaction of its own: a
        used code stays used, and whether the session is live is checked again."""
        if used.session_id is not None:
            reason, clock = EndReason.CODE_REPLAY, self._clock
            async with self._database.begin() as db:
                await end_replayed(db, self._recorder, used.user_id, used.session_id, reason=reason, clock=clock)


def _row(code: str, sign_on: LiveSignOn, allowance: Allowance, now: datetime) -> AuthorizationCode:
    authentication = sign_on.authentication
    return AuthorizationCode(
        digest=digest_of(code),
        user_id=sign_on.user_id,
        sign_on_id=sign_on.id,
        client_id=allowance.client_id,
        redirect_uri=allowance.redirect_uri,
        code_challenge=allowance.code_challenge,
        scopes=list(allowance.scopes),
        audiences=list(allowance.audiences),
        names_scopes=allowance.names_scopes,
        nonce=allowance.nonce,
        authenticated_at=authentication.at,
        acr=authentication.acr,
        amr=list(authentication.amr),
        continued_session_id=allowance.continued_session_id,
        created_at=now,
        expires_at=now + LIFETIME,
    )


async def _ensure_allowed(db: StatementRunner, code: LockedCode, client: Client) -> None:
    """Raise CodeRefused if the person has taken back meanwhile what they had allowed a third-party client."""
    if not client.is_first_party and not await consents.covers(db, code.user.id, client.id, code.scopes):
        raise CodeRefused("the person has taken it back")


async def _mark_used(db: StatementRunner, presented: PresentedCode, issued: IssuedSession) -> None:
    values = {"now": issued.issued_at, "made_session_id": issued.session.id}
    await db.fetch_row(exchange_statements.MARK_USED, code_digest=digest_of(presented.code), **values)


def _sign_in_request(code: LockedCode, presented: PresentedCode) -> SignInRequest:
    """What the code allows, and its client may still have."""
    request, client = presented.request, presented.request.client
    scopes = [scope for scope in code.scopes if scope in client.scopes]
    audiences = [audience for audience in code.audiences if audience in client.audiences]
    default = request.default_audience(scopes if code.names_scopes else ())
    target = request.target(scopes, audience_within(request.resources, audiences, default))
    return SignInRequest(
        client.id,
        scopes,
        audiences,
        code.names_scopes,
        target,
        # The person's: a code may be traded in by a server of the client.
        code.sign_on.device,
        authentication=policy.present_authentication(code),
        sign_on=SignOnOfRequest(code.sign_on.id, code.sign_on.created_at),
        nonce=code.nonce,
        gives_refresh_token=gives_refresh_token(client, scopes),
        continued_session_id=code.continued_session_id,
    )
