"""Letters that tell the owner of an account of a sign-in on a device that the account did not know."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.devices import Device
from identity_service.letters import LetterKind
from identity_service.limits import Limits
from identity_service.links import repository as links
from identity_service.links.models import LinkKind
from identity_service.recording.account_letters import AccountLetters
from identity_service.sessions import new_devices
from identity_service.users.models import SignInUser, User
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.database.statements import Statement

SILENT_FOR: Final = timedelta(minutes=1)
"""How long after a notice another sign-in sends none: a form may be sent twice at once."""

MAX_DESCRIPTION_CHARACTERS: Final = 150
"""A letter cuts off what is longer than 200 characters: who writes a long description must not hide the address."""


class NewDeviceLetters:
    """Decides before the transaction of a sign-in whether a letter is due, and writes it in that transaction. A device
    that a person has allowed is known in the transaction only, so both happen there."""

    def __init__(self, database: Database, letters: AccountLetters, limits: Limits, clock: Clock) -> None:
        self._database = database
        self._letters = letters
        self._limits = limits
        self._clock = clock

    def can_send_to(self, user: SignInUser) -> bool:
        """Whether this user can get such letters: there is a mail server, and the address is verified."""
        return self._letters.can_send and user.has_verified_address

    async def is_due_for_session(self, user: SignInUser, device: Device) -> bool:
        """Whether a letter must tell of a sign-in by a program on this device: no session or sign-on had its
        description lately. A program can write any description."""
        since = new_devices.known_since(self._clock.now())
        values = {"device": device.description, "known_since": since}
        return await self._is_new(user, new_devices.IS_NEW_DEVICE, **values) and await self.may_send(user.id)

    async def is_due_for_browser(self, user: SignInUser) -> bool:
        """Whether a letter must tell of a sign-on in a browser that the account does not know."""
        return await self.is_new_browser(user) and await self.may_send(user.id)

    async def is_new_browser(self, user: SignInUser) -> bool:
        """Whether a browser that the account does not know would be told by letter if the limit of letters allowed it,
        which is not charged."""
        return await self._is_new(user, new_devices.HAS_SIGNED_IN)

    async def may_send(self, user_id: UUID) -> bool:
        """Whether the limit of letters, which is charged by that, allows one more."""
        return await self._limits.may_tell(user_id, LetterKind.NEW_DEVICE)

    async def send(self, db: AsyncSession, user_id: UUID, device: Device, now: datetime) -> None:
        """Write the letter, unless a notice was written just now. The user must be locked."""
        if not await links.exists_since(db, LinkKind.NOTICE, user_id, now - SILENT_FOR):
            await self._letters.send_link(db, LetterKind.NEW_DEVICE, user_id, now, device=device_text(device))

    async def send_for_grant(
        self, db: AsyncSession, user: User, application: str, device: Device, now: datetime
    ) -> None:
        """Write the letter about a device that the user, who must be locked, has allowed to sign in with this
        application. Every such device counts as a new one, and the letter is sent even if a notice of the browser in
        which they allowed it was sent a moment ago."""
        # The limit is charged in the transaction, after everything that can be refused: no refused attempt uses it up.
        # The limiter has connections of its own, and waits for a quarter of a second at most.
        if (
            self._letters.can_send
            and user.email_verified_at is not None
            and await self._limits.may_tell(user.id, LetterKind.DEVICE_CONNECTED)
        ):
            words = {"application": application, "device": device_text(device)}
            await self._letters.send_link(db, LetterKind.DEVICE_CONNECTED, user.id, now, **words)

    async def _is_new(self, user: SignInUser, statement: Statement, **values: object) -> bool:
        """Whether the device is new by this statement, and the user can get letters."""
        if not self.can_send_to(user):
            return False
        kept_since = new_devices.kept_since(self._clock.now())
        row = await self._database.reads.fetch_row(statement, user_id=user.id, kept_since=kept_since, **values)
        return row is not None and bool(row["answer"])


def device_text(device: Device) -> str:
    """What the letter says of the device: its description and its address."""
    description = (device.description or "")[:MAX_DESCRIPTION_CHARACTERS]
    return ", ".join(filter(None, (description, device.address)))
