"""Starting sign-ons, and renewing the one that a browser has."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.authentications import Authentication, by_password
from identity_service.devices import Device
from identity_service.ending import MAX_ENDED_AT_ONCE, EndReason
from identity_service.errors import AccountChanged
from identity_service.random_tokens import digest_of, make_token
from identity_service.recording.cause import Cause, by_user
from identity_service.recording.recorder import Recorder
from identity_service.sessions.ending import end_least_recent_sign_ons, end_sign_on
from identity_service.sessions.new_device_letters import NewDeviceLetters
from identity_service.sign_ons import repository
from identity_service.sign_ons.models import SignOn
from identity_service.sign_ons.values import IssuedSignOn, SignOnLifetimes
from identity_service.users import repository as users
from identity_service.users.models import SignInUser, User
from watchword.clock import Clock
from watchword.database.database import Database


class SignOnStart:
    """Starts sign-ons. The time at which one begins is read after the user is locked.

    An account with a second factor is not let in by its password alone: `start` is for others."""

    def __init__(
        self,
        database: Database,
        recorder: Recorder,
        lifetimes: SignOnLifetimes,
        clock: Clock,
        *,
        per_user: int,
        new_device_letters: NewDeviceLetters,
    ) -> None:
        """`per_user` is how many sign-ons a user may have."""
        self._database = database
        self._recorder = recorder
        self._lifetimes = lifetimes
        self._clock = clock
        self._per_user = per_user
        self._letters = new_device_letters

    async def start(
        self, user: SignInUser, new_hash: str | None, device: Device, previous_secret: str, *, is_known: bool
    ) -> IssuedSignOn:
        """Start a sign-on of a user who needs nothing but the password, which was right; `new_hash` replaces an
        outdated hash of it. Unless the browser `is_known` to the account, a letter tells of the sign-on.

        The rest is as in `start_in`. Raises AccountChanged, also if the account has a second factor by now.
        """
        is_letter_due = not is_known and await self._letters.is_due_for_browser(user)
        async with self._database.begin() as db:
            locked = await users.lock_unchanged(db, user)
            if locked is None:
                raise AccountChanged("the account changed during sign-in")
            if new_hash is not None:
                locked.password_hash = new_hash
            authentication = by_password(self._clock.now())
            return await self.start_in(db, locked, authentication, device, previous_secret, is_letter_due=is_letter_due)

    async def start_in(
        self,
        db: AsyncSession,
        user: User,
        authentication: Authentication,
        device: Device,
        previous_secret: str,
        *,
        is_letter_due: bool,
    ) -> IssuedSignOn:
        """Start a sign-on in this transaction. The user must be locked, and the time of the authentication read after
        that.

        `previous_secret` is what the browser has in its cookie, which may be empty or invalid. A live sign-on of the
        same user goes on with another secret, and one of somebody else ends. If the user has as many as are allowed,
        the one that was used longest ago ends. A letter that is due tells of one that begins.
        """
        now, secret = authentication.at, make_token()
        former = await repository.find_for_update(db, digest_of(previous_secret)) if previous_secret else None
        if former is not None and former.is_live(now) and former.user_id == user.id:
            sign_on = former
        else:
            await self._end(db, former, now)
            await self._make_room(db, user.id, now)
            if is_letter_due:
                await self._letters.send(db, user.id, device, now)
            sign_on = SignOn(user_id=user.id, created_at=now)
            db.add(sign_on)
        self._authenticate(sign_on, secret, device, authentication)
        logins = user.username, user.email
        return IssuedSignOn(secret, sign_on.created_at + self._lifetimes.longest, user.id, logins)

    def _authenticate(self, sign_on: SignOn, secret: str, device: Device, authentication: Authentication) -> None:
        """Note when and how the person was authenticated, and replace the secret."""
        sign_on.digest = digest_of(secret)
        sign_on.authenticated_at = sign_on.last_seen_at = authentication.at
        sign_on.acr, sign_on.amr = authentication.acr, list(authentication.amr)
        sign_on.device, sign_on.address = device
        sign_on.expires_at = self._lifetimes.expires_at(sign_on.created_at, authentication.at)

    async def _end(self, db: AsyncSession, former: SignOn | None, now: datetime) -> None:
        """End the sign-on that the browser had; do nothing if it is not live."""
        if former is None or not former.is_live(now):
            return
        ended = await end_sign_on(db, former, EndReason.REPLACED, now)
        cause = by_user(former.user_id, EndReason.REPLACED)
        await self._recorder.sign_ons_ended(db, now, former.user_id, ended, cause)

    async def _make_room(self, db: AsyncSession, user_id: UUID, now: datetime) -> None:
        """Make room for one more sign-on of this user."""
        ended = await end_least_recent_sign_ons(db, user_id, self._per_user - 1, MAX_ENDED_AT_ONCE, now)
        if ended.sign_on_ids:
            cause = Cause("sign-on", "policy", EndReason.TOO_MANY)
            await self._recorder.sign_ons_ended(db, now, user_id, ended, cause)
