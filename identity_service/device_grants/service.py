"""Asking for a session as a device, and allowing or denying it as a person."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from identity_service.clients.narrowing import TokenRequest, audience_within, scopes_within
from identity_service.device_grants import repository
from identity_service.device_grants.models import INTERVAL_SECONDS, LIFETIME, DeviceGrant
from identity_service.device_grants.user_codes import display_form, make_user_code, normal_form
from identity_service.device_grants.values import IssuedDeviceCodes, RequestingDevice
from identity_service.devices import Device
from identity_service.errors import ClientNotAuthenticated, UserCodeInvalid
from identity_service.limits import Limits
from identity_service.random_tokens import digest_of, make_token
from identity_service.recording.recorder import Recorder
from identity_service.services.service import Services
from identity_service.sign_ons.locking import lock_signed_on
from identity_service.sign_ons.values import LiveSignOn
from watchword.clock import Clock
from watchword.database.database import Database, violates

Digest = Callable[[str], bytes]


class DeviceGrants:
    """The devices that ask for sessions, and what people decide about them. `digest` makes the keyed digest of a user
    code: there are so few codes that somebody who reads a plain digest could try them all."""

    def __init__(
        self,
        database: Database,
        services: Services,
        recorder: Recorder,
        limits: Limits,
        clock: Clock,
        *,
        digest: Digest,
    ) -> None:
        self._database = database
        self._services = services
        self._recorder = recorder
        self._limits = limits
        self._clock = clock
        self._digest = digest

    async def start(self, request: TokenRequest, device: Device) -> IssuedDeviceCodes:
        """Start a device grant of the client, for the scopes and the first audience that it requests.

        Raises ScopeNotAllowed, AudienceNotAllowed, LimitReached; ClientNotAuthenticated if the client was deleted
        meanwhile.
        """
        client = request.client
        scopes = scopes_within(request.scope, client.scopes)
        default = request.default_audience(scopes if request.scope is not None else ())
        audience = audience_within(request.resources, client.audiences, default)
        target = request.target(scopes, audience)
        await self._limits.ensure_may_start_device_grant(client.id)
        now = self._clock.now()
        values = {
            "client_id": client.id,
            "scopes": scopes,
            "audience": target.audience,
            "names_scopes": request.scope is not None,
            "device": device.description,
            "address": device.address,
            "created_at": now,
            "expires_at": now + LIFETIME,
            "interval_seconds": INTERVAL_SECONDS,
        }
        try:
            return await self._insert(values)
        except IntegrityError as error:
            if violates(error, "device_grants_client_id_fkey"):
                raise ClientNotAuthenticated(f"{client.id} was deleted meanwhile") from error
            raise

    async def _insert(self, values: dict[str, Any]) -> IssuedDeviceCodes:
        device_code = make_token()
        values |= {"digest": digest_of(device_code)}
        while True:
            user_code = make_user_code()
            async with self._database.begin() as db:
                if await repository.insert_unless_taken(db, values | {"user_code": self._digest(user_code)}):
                    return IssuedDeviceCodes(device_code, display_form(user_code))

    async def look_up(self, sign_on: LiveSignOn, text: str) -> RequestingDevice:
        """The device that shows the code in this text, for the person in the sign-on, who is to decide.

        Raises UserCodeInvalid, LimitReached.
        """
        code = await self._read(sign_on, text)
        async with self._database.begin() as db:
            row = await repository.find_by_user_code(db, self._digest(code))
        grant, application = row or (None, "")
        grant = _undecided(grant, self._clock.now())
        scopes = await self._services.describe(grant.scopes)
        return RequestingDevice(display_form(code), application, grant.device, grant.address, grant.created_at, scopes)

    async def allow(self, sign_on: LiveSignOn, text: str) -> None:
        """Let the device that shows the code in this text have a session of the person in the sign-on.

        Raises UserCodeInvalid, also if somebody has decided meanwhile, SignOnRequired if the sign-on has ended, and
        LimitReached.
        """
        await self._decide(sign_on, text, is_allowed=True)

    async def deny(self, sign_on: LiveSignOn, text: str) -> None:
        """Refuse a session to the device that shows the code in this text. Raises UserCodeInvalid, SignOnRequired and
        LimitReached, as `allow` does."""
        await self._decide(sign_on, text, is_allowed=False)

    async def _decide(self, sign_on: LiveSignOn, text: str, *, is_allowed: bool) -> None:
        code = await self._read(sign_on, text)
        async with self._database.begin() as db:
            user, now = await lock_signed_on(db, sign_on, self._clock)
            grant = _undecided(await repository.find_by_user_code_for_update(db, self._digest(code)), now)
            if is_allowed:
                grant.allow(now, sign_on)
            else:
                grant.deny(now)
            self._recorder.device_decided(db, user.id, grant.client_id, is_allowed=is_allowed)

    async def _read(self, sign_on: LiveSignOn, text: str) -> str:
        """The code in this text, in its normal form. The attempt is charged to the person, valid or not. Raises
        UserCodeInvalid, LimitReached."""
        await self._limits.ensure_may_enter_user_code(sign_on.user_id)
        code = normal_form(text)
        if code is None:
            raise UserCodeInvalid("no code looks like this")
        return code


def _undecided(grant: DeviceGrant | None, now: datetime) -> DeviceGrant:
    """The device grant, if somebody can still decide about it. Raises UserCodeInvalid: all causes look alike."""
    if grant is None or grant.decided_at is not None or not grant.is_current(now):
        raise UserCodeInvalid("no device is waiting with this code")
    return grant
