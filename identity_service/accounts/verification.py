"""Verifying that an address is its account's."""

from uuid import UUID

from identity_service.accounts.password_proof import PasswordProof
from identity_service.errors import PasswordChanged
from identity_service.letters import LetterKind
from identity_service.limits import Limits
from identity_service.links import repository as links
from identity_service.links.models import LinkKind, LinkView
from identity_service.recording.account_letters import AccountLetters
from identity_service.recording.cause import by_user
from identity_service.recording.recorder import Recorder
from identity_service.users import repository as users
from watchword.clock import Clock
from watchword.database.database import Database


class Verifications:
    """Verifies the address that an account has, by a link that is sent there."""

    def __init__(
        self,
        database: Database,
        proof: PasswordProof,
        recorder: Recorder,
        letters: AccountLetters,
        clock: Clock,
        *,
        limits: Limits,
    ) -> None:
        self._database = database
        self._proof = proof
        self._recorder = recorder
        self._letters = letters
        self._clock = clock
        self._limits = limits

    async def request(self, email: str) -> None:
        """Send another link to this address if an account has it and has not verified it. Whether that is so is told to
        nobody: a letter is enqueued either way. Raises LimitReached."""
        await self._limits.ensure_may_request_letter()
        is_allowed = await self._limits.may_write_to(email, LetterKind.VERIFY_ADDRESS)
        async with self._database.begin() as db:
            user = await users.find_by_email(db, email, lock=True)
            is_due = user is not None and user.is_active and user.email_verified_at is None
            recipient = user.id if user is not None and is_due and is_allowed else None
            await self._letters.send_link(db, LetterKind.VERIFY_ADDRESS, recipient, self._clock.now())

    async def request_for(self, user_id: UUID) -> None:
        """Send another link to the address of this account, unless it is verified. Raises LimitReached."""
        async with self._database.begin() as db:
            user = await users.find(db, user_id)
        if user is not None:
            await self.request(user.email)

    async def look_up(self, token: str) -> LinkView:
        """What the link is about. Raises LinkInvalid."""
        user, link = await links.read(self._database, LinkKind.VERIFICATION, token, self._clock.now())
        return LinkView(user.username, link.email)

    async def confirm(self, token: str, password: str) -> None:
        """Verify the address; an account that awaited this can sign in from now on.

        The password shows that the reader of the letter is the person who has the account: somebody else may have
        written their address, also after they did. It would otherwise be that person's account, with that person's
        password and factors, whose address is said to be verified. Raises LinkInvalid; WrongPassword,
        PasswordChanged and LimitReached, after which the link stays valid.
        """
        reader, _ = await links.read(self._database, LinkKind.VERIFICATION, token, self._clock.now())
        await self._proof.ensure_right(reader, password)
        async with self._database.begin() as db:
            user, _, now = await links.use(db, LinkKind.VERIFICATION, token, self._clock)
            # A later registration of the address may have taken the link over.
            if user.password_hash != reader.password_hash:
                raise PasswordChanged
            user.verify_email(now)
            self._recorder.email_verified(db, user.id, by_user(user.id, "the link in a letter was used"))
