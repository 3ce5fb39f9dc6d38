"""Initial passwords: generated for a person, who must choose another at the first sign-in."""

import secrets
from typing import Final

from identity_service.ending import EndReason
from identity_service.errors import InitialPasswordKept, UserNotFound
from identity_service.letters import LetterKind
from identity_service.links import repository as links
from identity_service.links.models import SINGLE
from identity_service.recording.account_letters import AccountLetters
from identity_service.recording.cause import Cause
from identity_service.recording.recorder import Recorder
from identity_service.sessions.ending import end_all
from identity_service.users import repository as users
from identity_service.users.models import User
from identity_service.users.passwords import Passwords
from watchword.clock import Clock
from watchword.database.database import Database

_RANDOM_BYTES: Final = 15


def generate_password() -> str:
    """A password of 120 random bits, which every rule of passwords accepts."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


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

    async def issue(self, login: str, cause: Cause) -> str:
        """Give the account with this name or address an initial password, and return it. Every session ends, and so do
        the links that were requested before. Raises UserNotFound."""
        password = generate_password()
        password_hash = await self._passwords.hash(password)
        async with self._database.begin() as db:
            user = await users.find_by_login(db, login, lock=True)
            if user is None:
                raise UserNotFound(f"there is no user {login}")
            now = self._clock.now()
            user.set_initial_password(password_hash, now)
            await links.withdraw(db, user.id, *SINGLE)
            ended = await end_all(db, user.id, EndReason.PASSWORD_RESET, now)
            if ended.session_ids:
                user.raise_version()
            await self._recorder.password_changed(db, now, user, ended, cause)
            await self._letters.send_link(db, LetterKind.PASSWORD_CHANGED, user.id, now)
        return password
