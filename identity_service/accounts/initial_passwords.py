"""Initial passwords: given to a person, who must choose another at the first sign-in."""

import secrets
from typing import Final, NamedTuple
from uuid import UUID

from identity_service.accounts.hints import hints
from identity_service.ending import EndReason
from identity_service.errors import InitialPasswordKept
from identity_service.letters import LetterKind
from identity_service.links import repository as links
from identity_service.links.models import SINGLE
from identity_service.obedience.models import Act
from identity_service.recording.account_letters import AccountLetters
from identity_service.recording.cause import Cause
from identity_service.recording.recorder import Recorder
from identity_service.sessions.ending import end_all
from identity_service.users import repository as users
from identity_service.users.expectations import Expectation, expect_anything
from identity_service.users.models import User
from identity_service.users.passwords import Passwords
from identity_service.users.stand_ins import account_holder
from watchword.clock import Clock
from watchword.database.database import Database

_RANDOM_BYTES: Final = 15


def generate_password() -> str:
    """A password of 120 random bits, which every rule of passwords accepts."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


class InitialPassword(NamedTuple):
    """An initial password, and the act that gave it to an account."""

    password: str
    act: Act


async def ensure_other_than_initial(passwords: Passwords, user: User, new_password: str) -> None:
    """Raise InitialPasswordKept if the user must change the password, and this is it."""
    if user.must_change_password and (await passwords.verify(new_password, user.password_hash))[0]:
        raise InitialPasswordKept


class InitialPasswords:
    """Issues initial passwords for accounts that exist."""

    def __init__(
        self, database: Database, passwords: Passwords, recorder: Recorder, letters: AccountLetters, clock: Clock
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._recorder = recorder
        self._letters = letters
        self._clock = clock

    async def issue(
        self, user_id: UUID, chosen: str | None, cause: Cause, expect: Expectation = expect_anything
    ) -> InitialPassword:
        """Give the account an initial password: the one that was chosen for it, or a generated one. Every session ends,
        and so do the links that were requested before.

        Raises UserNotFound, WeakPassword, and what `expect` raises of the account.
        """
        async with self._database.begin() as db:
            words = hints(account_holder(await users.find(db, user_id)))
        if chosen is not None:
            await self._passwords.ensure_strong(chosen, words)
        password = generate_password() if chosen is None else chosen
        password_hash = await self._passwords.hash(password)
        async with self._database.begin() as db:
            user = account_holder(await users.find_for_update(db, user_id))
            expect(user)
            now = self._clock.now()
            user.set_initial_password(password_hash, now)
            await links.withdraw(db, user.id, *SINGLE)
            ended = await end_all(db, user.id, EndReason.PASSWORD_RESET, now)
            if ended.session_ids:
                user.raise_version()
            enqueued = await self._recorder.password_changed(db, now, user, ended, cause)
            await self._letters.send_link(db, LetterKind.PASSWORD_CHANGED, user.id, now)
        return InitialPassword(password, Act(enqueued, cause.actor, str(user_id)))
