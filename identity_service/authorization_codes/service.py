"""Issuing authorization codes, and trading them in for sessions."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.authentications import Authentication
from identity_service.authorization_codes import policy, repository
from identity_service.authorization_codes.models import LIFETIME, AuthorizationCode
from identity_service.authorization_codes.values import Allowance, PresentedCode
from identity_service.clients.models import Client
from identity_service.clients.narrowing import audience_within, gives_refresh_token
from identity_service.consents import repository as consents
from identity_service.ending import EndReason
from identity_service.errors import AccountChanged, CodeRefused
from identity_service.random_tokens import digest_of, make_token
from identity_service.recording.recorder import Recorder
from identity_service.sessions.ending import end_replayed
from identity_service.sessions.start import SessionStart
from identity_service.sessions.values import IssuedSession, SignInRequest
from identity_service.sign_ons.values import LiveSignOn
from identity_service.users import repository as users
from watchword.clock import Clock
from watchword.database.database import Database, violates


class AuthorizationCodes:
    """The codes of all clients. Times are read under the lock."""

    def __init__(self, database: Database, session_start: SessionStart, recorder: Recorder, clock: Clock) -> None:
        self._database = database
        self._session_start = session_start
        self._recorder = recorder
        self._clock = clock

    async def issue(self, sign_on: LiveSignOn, allowance: Allowance) -> str:
        """A code with which the client gets a session of this sign-on, once and soon.

        Raises AccountChanged if the account was deleted meanwhile.
        """
        code = make_token()
        try:
            async with self._database.begin() as db:
                db.add(_row(code, sign_on, allowance, self._clock.now()))
        except IntegrityError as error:
            if any(violates(error, f"authorization_codes_{column}_fkey") for column in ("user_id", "sign_on_id")):
                raise AccountChanged("the account was deleted") from error
            raise
        return code

    async def exchange(self, presented: PresentedCode) -> IssuedSession:
        """Start the session that the code is for. A code that was used before ends the session that it made: somebody
        else may have been the first (RFC 6749 section 4.1.2).

        Raises CodeRefused; AccountChanged if the person may not sign in by now, or the sign-on is over;
        ScopeNotAllowed, AudienceNotAllowed, TokenTooLarge, NoSigningKey.
        """
        issued = None
        async with self._database.begin() as db:
            code = await self._lock(db, presented)
            policy.ensure_presented_by_its_client(code, presented)
            now = self._clock.now()
            if code.used_at is not None:
                await self._end_session(db, code)
            else:
                policy.ensure_current(code, now)
                await _ensure_allowed(db, code, presented.request.client)
                issued = await self._session_start.start_for(db, code.user_id, _sign_in_request(code, presented))
                code.used_at, code.session_id = now, issued.session.id
        if issued is None:
            raise CodeRefused("the code was used before")
        return issued

    async def _lock(self, db: AsyncSession, presented: PresentedCode) -> AuthorizationCode:
        digest = digest_of(presented.code)
        user_id = await repository.find_user_id(db, digest)
        # The user first: the deletion of an account locks its user and then deletes its codes.
        if user_id is not None and await users.find_for_update(db, user_id) is not None:
            code = await repository.find_for_update(db, digest)
            if code is not None:
                return code
        raise CodeRefused("unknown code")

    async def _end_session(self, db: AsyncSession, code: AuthorizationCode) -> None:
        """End the session that the code was traded in for, if it has not ended."""
        if code.session_id is not None:
            reason, clock = EndReason.CODE_REPLAY, self._clock
            await end_replayed(db, self._recorder, code.user_id, code.session_id, reason=reason, clock=clock)


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
        created_at=now,
        expires_at=now + LIFETIME,
    )


async def _ensure_allowed(db: AsyncSession, code: AuthorizationCode, client: Client) -> None:
    """Raise CodeRefused if the person has taken back meanwhile what they had allowed a third-party client."""
    if not client.is_first_party and not await consents.covers(db, code.user_id, client.id, code.scopes):
        raise CodeRefused("the person has taken it back")


def _sign_in_request(code: AuthorizationCode, presented: PresentedCode) -> SignInRequest:
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
        presented.device,
        authentication=Authentication(code.authenticated_at, code.acr, code.amr),
        sign_on_id=code.sign_on_id,
        nonce=code.nonce,
        gives_refresh_token=gives_refresh_token(client, scopes),
    )
