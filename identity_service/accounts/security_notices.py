"""The answer to a notice: this was not me."""

from identity_service.accounts.withdrawal import Withdrawal
from identity_service.ending import EndReason
from identity_service.links import repository as links
from identity_service.links.models import SINGLE, LinkKind, LinkView
from identity_service.obedience.models import Act
from watchword.clock import Clock
from watchword.database.database import Database


class SecurityNotices:
    """Lets the owner of an account disavow what a notice told them.

    The link outlives a change of the password, since who has taken the account over would change it. It ends with the
    address: from then on the letter about that change restores everything.
    """

    def __init__(self, database: Database, withdrawal: Withdrawal, clock: Clock) -> None:
        self._database = database
        self._withdrawal = withdrawal
        self._clock = clock

    async def look_up(self, token: str) -> LinkView:
        """What the link is about. Raises LinkInvalid."""
        user, link = await links.read(self._database, LinkKind.NOTICE, token, self._clock.now())
        return LinkView(user.username, link.email)

    async def act(self, token: str) -> Act:
        """End every session, make the password unusable until it is reset by a letter that is sent at once, and remove
        the factors and recovery codes that were added since the earliest notice that is valid. Other notices of the
        account become invalid, and so does a change of address that was not confirmed.

        Raises LinkInvalid.
        """
        await self.look_up(token)
        unusable_hash = await self._withdrawal.unusable_hash()
        async with self._database.begin() as db:
            user, link, now = await links.use(db, LinkKind.NOTICE, token, self._clock)
            # This link does what those would have done that become invalid: who reads the latest letter first must not
            # leave a passkey behind of which the one before it tells.
            earlier = await links.find_earliest(db, LinkKind.NOTICE, user.id, now)
            since = link.created_at if earlier is None else min(earlier, link.created_at)
            await links.withdraw(db, user.id, LinkKind.NOTICE, *SINGLE)
            return await self._withdrawal.carry_out(db, user, unusable_hash, EndReason.DISAVOWED, since=since)
