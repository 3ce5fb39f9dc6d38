"""Undoing a change of address."""

from sqlalchemy.exc import IntegrityError

from identity_service.accounts.address_change import move, taken
from identity_service.accounts.withdrawal import Withdrawal
from identity_service.ending import EndReason
from identity_service.links import repository as links
from identity_service.links.lifetimes import LIFETIMES
from identity_service.links.models import LinkKind, LinkView
from identity_service.obedience.models import Act
from identity_service.recording.cause import by_user
from identity_service.recording.recorder import Recorder
from identity_service.users.stand_ins import StandIns
from watchword.clock import Clock
from watchword.database.database import Database


class AddressUndo:
    """Restores the address that an account had, for those who receive its letters.

    The link outlives later changes of the password and of the address: who has taken the account over could otherwise
    make it invalid. It makes every later link invalid, so that such a change cannot be restored in turn; an earlier
    undo, which may be the owner's, stays valid.
    """

    def __init__(
        self, database: Database, withdrawal: Withdrawal, recorder: Recorder, clock: Clock, *, stand_ins: StandIns
    ) -> None:
        self._database = database
        self._withdrawal = withdrawal
        self._recorder = recorder
        self._clock = clock
        self._stand_ins = stand_ins

    async def look_up(self, token: str) -> LinkView:
        """What the link is about: the address that it restores. Raises LinkInvalid."""
        user, link = await links.read(self._database, LinkKind.ADDRESS_UNDO, token, self._clock.now())
        return LinkView(user.username, link.email)

    async def act(self, token: str) -> Act:
        """Restore the address, end every session, and make the password unusable until it is reset by a letter that is
        sent to the restored address at once: who took the account over knows the present password. The factors and
        recovery codes that were added since the change, and in the week before it, are removed.

        Raises LinkInvalid, EmailTaken.
        """
        await self.look_up(token)
        unusable_hash = await self._withdrawal.unusable_hash()
        try:
            async with self._database.begin() as db:
                user, link, now = await links.use(db, LinkKind.ADDRESS_UNDO, token, self._clock)
                await move(db, user, link.email, now, self._stand_ins)
                await links.withdraw_after(db, user.id, link)
                self._recorder.email_changed(db, user.id, by_user(user.id, EndReason.ADDRESS_RESTORED))
                # The change of the address made the notices invalid that were sent before it. What they told of goes
                # too: this link does what theirs would have done.
                since = link.created_at - LIFETIMES[LinkKind.NOTICE]
                reason = EndReason.ADDRESS_RESTORED
                return await self._withdrawal.carry_out(db, user, unusable_hash, reason, since=since)
        except IntegrityError as error:
            raise taken(error) from error
