"""The letters about an account, each written with its link in the transaction of the change that causes it."""

from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.letters import Letter, LetterKind, Letters
from identity_service.links import repository as links
from identity_service.links.models import LinkKind
from identity_service.users.models import User

_LINKS: Final = {
    LetterKind.VERIFY_ADDRESS: LinkKind.VERIFICATION,
    LetterKind.RESET_PASSWORD: LinkKind.PASSWORD_RESET,
    LetterKind.CONFIRM_NEW_ADDRESS: LinkKind.ADDRESS_CHANGE,
    LetterKind.ADDRESS_CHANGED: LinkKind.ADDRESS_UNDO,
    LetterKind.PASSWORD_CHANGED: LinkKind.NOTICE,
    LetterKind.NEW_DEVICE: LinkKind.NOTICE,
    LetterKind.DEVICE_CONNECTED: LinkKind.NOTICE,
    LetterKind.FACTOR_ADDED: LinkKind.NOTICE,
    LetterKind.FACTOR_REMOVED: LinkKind.NOTICE,
    LetterKind.FACTOR_REPLACED: LinkKind.NOTICE,
    LetterKind.FACTORS_RESET: LinkKind.NOTICE,
    LetterKind.FACTORS_WITHDRAWN: LinkKind.NOTICE,
    LetterKind.RECOVERY_CODES_MADE: LinkKind.NOTICE,
    LetterKind.RECOVERY_CODE_USED: LinkKind.NOTICE,
    LetterKind.PASSKEY_REFUSED: LinkKind.NOTICE,
}
"""What the link in a letter of each kind lets its holder do."""


class AccountLetters:
    """Writes letters. If this installation sends none, no link is made either."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters

    @property
    def can_send(self) -> bool:
        return self._letters.can_send

    async def send_link(
        self,
        db: AsyncSession,
        kind: LetterKind,
        user_id: UUID | None,
        now: datetime,
        *,
        email: str | None = None,
        device: str = "",
        application: str = "",
        passkey: str = "",
    ) -> None:
        """Make a link, and send it in a letter of this kind. The user must be locked.

        `email` is the address that the link is about and that the letter goes to; default: the account's at this time,
        since one that is changed afterwards may be somebody else's. `device`, `application` and `passkey` are how the
        letter names what it is about. If `user_id` is None, no link is made and no letter sent, by the same statements:
        both cases must take equally long.
        """
        if not self._letters.can_send:
            return
        link = await links.issue(db, _LINKS[kind], user_id or uuid4(), now, email)
        letter = Letter(
            kind=kind,
            user_id=user_id,
            to=link.email,
            token=link.token,
            expires_at=link.expires_at,
            device=device,
            application=application,
            passkey=passkey,
        )
        await self._letters.enqueue(db, letter)

    async def send_address_taken(self, db: AsyncSession, owner: User | None) -> None:
        """Tell the owner of an address that somebody tried to use it; None if nobody is to be told."""
        user_id, email = (None, None) if owner is None else (owner.id, owner.email)
        await self._letters.enqueue(db, Letter(kind=LetterKind.ADDRESS_TAKEN, user_id=user_id, to=email))

    async def send_breached_password(self, db: AsyncSession, user_id: UUID, email: str) -> None:
        """Tell the owner of an account that the password is known from a breach. `email` is the account's address."""
        await self._letters.enqueue(db, Letter(kind=LetterKind.BREACHED_PASSWORD, user_id=user_id, to=email))

    async def send_second_factor_failed(self, db: AsyncSession, user_id: UUID, email: str) -> None:
        """Tell the owner of an account that somebody has entered the password and wrong codes. `email` is the account's
        address. There is no link that says "this was not me": nobody was let in, and such a notice would keep back the
        letter about a new device that signs in a moment later."""
        await self._letters.enqueue(db, Letter(kind=LetterKind.SECOND_FACTOR_FAILED, user_id=user_id, to=email))

    async def send_address_taken_for(
        self, db: AsyncSession, stand_in_id: UUID, owner: User | None, now: datetime
    ) -> None:
        """Tell the owner of an address that somebody tried to register it, by the same statements that `send_link` runs
        for a free address. The link of the stand-in goes to nobody."""
        if not self._letters.can_send:
            return
        await links.issue(db, LinkKind.VERIFICATION, stand_in_id, now)
        await self.send_address_taken(db, owner)
