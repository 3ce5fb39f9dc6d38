"""Changing the e-mail address of an account."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts.password_proof import PasswordProof
from identity_service.errors import EmailTaken, PasswordChanged, UserNotFound
from identity_service.letters import LetterKind
from identity_service.limits import Limits
from identity_service.links import repository as links
from identity_service.links.models import SINGLE, LinkKind, LinkView
from identity_service.recording.account_letters import AccountLetters
from identity_service.recording.cause import by_user
from identity_service.recording.recorder import Recorder
from identity_service.sign_ons.locking import lock_signed_on
from identity_service.sign_ons.values import LiveSignOn
from identity_service.users import repository as users
from identity_service.users.models import User
from identity_service.users.stand_ins import StandIns
from watchword.clock import Clock
from watchword.database.database import Database, violates


class AddressChanges:
    """Changes the address once it was confirmed at the new one, and tells the old one, which is valid until then."""

    def __init__(
        self,
        database: Database,
        proof: PasswordProof,
        recorder: Recorder,
        letters: AccountLetters,
        clock: Clock,
        *,
        stand_ins: StandIns,
        limits: Limits,
    ) -> None:
        self._database = database
        self._proof = proof
        self._recorder = recorder
        self._letters = letters
        self._clock = clock
        self._stand_ins = stand_ins
        self._limits = limits

    async def request(self, user_id: UUID, password: str, new_email: str) -> None:
        """Send a link to the new address. If another account has it, its owner gets a letter that says so, and nothing
        tells the caller. Raises WrongPassword, PasswordChanged, UserNotFound, LimitReached."""
        async with self._database.begin() as db:
            user = await users.find(db, user_id)
        if user is None:
            raise UserNotFound
        await self._proof.ensure_right(user, password)
        await self._limits.ensure_may_request_letter()
        is_allowed = await self._may_write_to(new_email)
        async with self._database.begin() as db:
            locked = await users.find_for_update(db, user_id)
            if locked is None or locked.password_hash != user.password_hash:
                raise PasswordChanged
            if is_allowed:
                await self._send_link(db, locked, new_email)

    async def request_in_sign_on(self, sign_on: LiveSignOn, new_email: str) -> None:
        """Send a link that changes the address of a person who was authenticated a short time ago, without the
        password that `request` takes. Raises LimitReached; SignOnRequired if the sign-on has ended
        meanwhile, as it does when the password is changed."""
        await self._limits.ensure_may_request_letter()
        is_allowed = await self._may_write_to(new_email)
        async with self._database.begin() as db:
            user, _ = await lock_signed_on(db, sign_on, self._clock)
            if is_allowed:
                await self._send_link(db, user, new_email)

    async def look_up(self, token: str) -> LinkView:
        """What the link to confirm is about. Raises LinkInvalid."""
        user, link = await links.read(self._database, LinkKind.ADDRESS_CHANGE, token, self._clock.now())
        return LinkView(user.username, link.email)

    async def confirm(self, token: str, password: str) -> None:
        """Change the address, and send a letter to the old one, by which that can be undone. An old one that nobody has
        verified gets none if the account has a second factor, which an undo could leave to a stranger: its reader may
        be somebody who never had the account.

        The password shows that the reader of the letter is the person who requested the change: somebody may have typed
        the address of a stranger. Raises LinkInvalid, WrongPassword, PasswordChanged, LimitReached; EmailTaken if
        another account took the address meanwhile. The link stays valid after each of these but LinkInvalid.
        """
        reader, _ = await links.read(self._database, LinkKind.ADDRESS_CHANGE, token, self._clock.now())
        await self._proof.ensure_right(reader, password)
        try:
            async with self._database.begin() as db:
                user, link, now = await links.use(db, LinkKind.ADDRESS_CHANGE, token, self._clock)
                if user.password_hash != reader.password_hash:
                    raise PasswordChanged
                former = user.email
                can_restore = user.email_verified_at is not None or not user.has_second_factor
                await move(db, user, link.email, now, self._stand_ins)
                # The undo of an earlier change stays valid: whoever changed the address twice is the same person.
                await links.withdraw(db, user.id, LinkKind.NOTICE, *SINGLE)
                self._recorder.email_changed(db, user.id, by_user(user.id, "confirmed at the new address"))
                if can_restore:
                    await self._letters.send_link(db, LetterKind.ADDRESS_CHANGED, user.id, now, email=former)
        except IntegrityError as error:
            raise taken(error) from error

    async def _may_write_to(self, new_email: str) -> bool:
        return await self._limits.may_write_to(new_email, LetterKind.CONFIRM_NEW_ADDRESS)

    async def _send_link(self, db: AsyncSession, user: User, new_email: str) -> None:
        owner = await users.find_by_email(db, new_email)
        if owner is None or owner.awaits_verification:
            now = self._clock.now()
            await self._letters.send_link(db, LetterKind.CONFIRM_NEW_ADDRESS, user.id, now, email=new_email)
        else:
            # The link before ends either way: its holder could otherwise tell from it whether the address is taken.
            await links.withdraw(db, user.id, LinkKind.ADDRESS_CHANGE)
            await self._letters.send_address_taken(db, owner if owner.id != user.id and owner.is_active else None)


async def move(db: AsyncSession, user: User, email: str, now: datetime, stand_ins: StandIns) -> None:
    """Give the user this address, which was shown to be theirs. Raises EmailTaken, IntegrityError."""
    # Who registered it and has not shown that it is theirs does not hold it up.
    await stand_ins.replace(db, email)
    user.change_email(email, now)
    await db.flush()  # an address that is taken is refused before anything of the change is recorded
    # Asked after that: until then another account may be giving the address up.
    if await links.is_reserved(db, email, now, except_for=user.id):
        raise EmailTaken


def taken(error: IntegrityError) -> Exception:
    """EmailTaken if that is what the constraint says; else the error itself."""
    return EmailTaken() if violates(error, "users_email_key") else error
