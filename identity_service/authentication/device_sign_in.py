"""Starting the session of a device that a person has allowed (RFC 8628 section 3.4)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.authentications import Authentication
from identity_service.clients.narrowing import TokenRequest, audience_within, gives_refresh_token
from identity_service.device_grants import repository
from identity_service.device_grants.models import DeviceGrant
from identity_service.devices import Device
from identity_service.ending import EndReason
from identity_service.errors import (
    AccountChanged,
    DeviceCodeExpired,
    DeviceCodeRefused,
    DeviceDenied,
    DeviceUndecided,
    PolledTooSoon,
)
from identity_service.random_tokens import digest_of
from identity_service.recording.recorder import Recorder
from identity_service.sessions.ending import end_replayed
from identity_service.sessions.new_device_letters import NewDeviceLetters
from identity_service.sessions.start import SessionStart
from identity_service.sessions.values import IssuedSession, SignInRequest
from identity_service.sign_ons import repository as sign_ons
from identity_service.users import repository as users
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.errors import AppError

_HARMLESS: Final = frozenset({None, EndReason.SIGNED_OUT, EndReason.REPLACED, EndReason.TOO_MANY})
"""How the sign-on in which a person allowed a device may have ended before the device fetches its tokens: people sign
out of a browser that is not theirs. Any other end says that the sign-on is not to be trusted."""


class DeviceSignIn:
    """Trades device codes in for sessions, each once. Such a session has no sign-on: it goes on when the person signs
    out of the browser in which they have allowed it. Times are read under the lock."""

    def __init__(
        self,
        database: Database,
        session_start: SessionStart,
        recorder: Recorder,
        new_device_letters: NewDeviceLetters,
        clock: Clock,
    ) -> None:
        self._database = database
        self._session_start = session_start
        self._recorder = recorder
        self._letters = new_device_letters
        self._clock = clock

    async def sign_in(self, device_code: str, request: TokenRequest, device: Device) -> IssuedSession:
        """Start the session of a device, and enqueue the letter that tells the owner of the account.

        Raises DeviceUndecided until a person has decided, or PolledTooSoon for a device that asks too often;
        DeviceDenied; DeviceCodeExpired; DeviceCodeRefused for an unknown code, another client's, and one that was used
        before, whose session ends; AccountChanged if the person may not sign in by now; ScopeNotAllowed,
        AudienceNotAllowed, TokenTooLarge, NoSigningKey.
        """
        async with self._database.begin() as db:
            grant = await _lock(db, digest_of(device_code), request.client.id)
            now = self._clock.now()
            refusal = await self._refusal(db, grant, now)
            if refusal is None and grant.user_id is not None:
                latest = await _latest_authentication(db, grant.user_id, grant.sign_on_id)
                sign_in = _sign_in_request(grant, latest, request, device)
                issued = await self._session_start.start_for(db, grant.user_id, sign_in)
                grant.use(now, issued.session.id)
                if (user := await users.find(db, grant.user_id)) is not None:
                    await self._letters.send_for_grant(db, user, request.client.name, device, now)
                return issued
        # After the commit: what the refusal leaves in the database stays there.
        raise refusal or DeviceDenied("the person has denied the device, or has taken it back")

    async def _refusal(self, db: AsyncSession, grant: DeviceGrant, now: datetime) -> AppError | None:
        """Why the device gets no session now; None if somebody has decided whether it gets one."""
        if grant.used_at is not None:
            await self._end_session(db, grant)
            return DeviceCodeRefused("the device code was used before")
        if not grant.is_current(now):
            return DeviceCodeExpired("the device code has expired")
        if grant.decided_at is None:
            return PolledTooSoon("polled too soon") if grant.poll(now) else DeviceUndecided("nobody has decided yet")
        return None

    async def _end_session(self, db: AsyncSession, grant: DeviceGrant) -> None:
        """End the session that the code was traded in for, if it has not ended."""
        if grant.user_id is not None and grant.session_id is not None:
            reason, clock = EndReason.DEVICE_CODE_REPLAY, self._clock
            await end_replayed(db, self._recorder, grant.user_id, grant.session_id, reason=reason, clock=clock)


async def _lock(db: AsyncSession, digest: bytes, client_id: str) -> DeviceGrant:
    """The device grant with this code, its row locked and, if a person has allowed it, theirs. Raises DeviceCodeRefused
    if this client has no such grant."""
    user_id = None
    grant = await repository.find(db, digest, client_id)
    if grant is not None and grant.user_id is not None:
        # The user first: what takes back what a person has allowed locks the user and then the device grants.
        user_id = grant.user_id
        await users.find_for_update(db, user_id)
    if grant is None or (grant := await repository.find_for_update(db, digest)) is None:
        raise DeviceCodeRefused("this client has no such device code")
    if grant.user_id != user_id:
        raise DeviceUndecided("a person is allowing it at this moment")
    return grant


async def _latest_authentication(db: AsyncSession, user_id: UUID, sign_on_id: UUID | None) -> Authentication:
    """How the user was authenticated in the sign-on in which they allowed the device, as it says by now. Raises
    AccountChanged if it has ended in a way that takes the device back."""
    sign_on = await sign_ons.find_of_user_for_update(db, user_id, sign_on_id) if sign_on_id is not None else None
    if sign_on is None or sign_on.end_reason not in _HARMLESS:
        raise AccountChanged("the sign-on in which the device was allowed was ended")
    return Authentication(sign_on.authenticated_at, sign_on.acr, sign_on.amr)


def _sign_in_request(
    grant: DeviceGrant, latest: Authentication, request: TokenRequest, device: Device
) -> SignInRequest:
    """What the person has allowed, and the client may still have."""
    client = request.client
    scopes = [scope for scope in grant.scopes if scope in client.scopes]
    target = request.target(scopes, audience_within(request.resources, client.audiences, grant.audience))
    allowed_by = grant.authentication
    return SignInRequest(
        client.id,
        scopes,
        client.audiences,
        grant.names_scopes,
        target,
        device,
        # A factor may have been removed while the person allowed the device.
        authentication=allowed_by.no_stronger_than(latest) if allowed_by is not None else None,
        gives_refresh_token=gives_refresh_token(client, scopes),
    )
