"""Looking up the passwords of people who have signed in among those that are known from a breach."""

import asyncio
import logging
from datetime import timedelta
from typing import Final
from uuid import UUID

from identity_service.recording.account_letters import AccountLetters
from identity_service.users import breach_results
from identity_service.users.breached import BreachedPasswords, breach_digest
from identity_service.users.models import SignInUser
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.errors import AppError
from watchword.tally import Tally
from watchword.tasks import cancel_and_wait

logger = logging.getLogger("identity.passwords")

PERIOD: Final = timedelta(days=1)
"""An account's password is looked up at most once in this time, whether or not the service answers."""

MOST_AT_ONCE: Final = 16
"""Look-ups at once in a process; each takes two seconds at most. Beyond it, a password waits for the next sign-in."""


class BreachChecks:
    """Looks passwords up beside the requests that signed in with them, which neither wait nor fail. A process that ends
    forgets what it has not looked up."""

    def __init__(self, database: Database, breached: BreachedPasswords, letters: AccountLetters, clock: Clock) -> None:
        self._database = database
        self._breached = breached
        self._letters = letters
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self.outcomes = Tally("clean", "breached", "failed", "skipped")

    def begin(self, user: SignInUser, password: str, new_hash: str | None) -> None:
        """Look this right password of the user up if that is due. `new_hash` has replaced an outdated hash of it."""
        checked_at = user.password_checked_at
        is_due = checked_at is None or checked_at <= self._clock.now() - PERIOD
        # A password that must be changed is not the owner's own.
        if not self._breached.is_on or not is_due or user.must_change_password:
            return
        if len(self._tasks) >= MOST_AT_ONCE:
            self.outcomes["skipped"] += 1
            return
        # The digest, so that nothing holds the password after the request.
        check = self._check(user.id, {user.password_hash, new_hash or user.password_hash}, breach_digest(password))
        task = asyncio.create_task(check)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """End the look-ups that are under way."""
        await cancel_and_wait(self._tasks)

    async def _check(self, user_id: UUID, hashes: set[str], digest: str) -> None:
        try:
            outcome = await self._look_up(user_id, hashes, digest)
        except AppError as error:
            logger.warning("the password of a sign-in was not looked up: %s", error.reason or error)
            outcome = "failed"
        except Exception:
            logger.exception("the password of a sign-in was not looked up")
            outcome = "failed"
        if outcome is not None:
            self.outcomes[outcome] += 1

    async def _look_up(self, user_id: UUID, hashes: set[str], digest: str) -> str | None:
        """The outcome; None if another process looks the password up, or it was changed."""
        now = self._clock.now()
        # Written first: many sign-ins at once ask the service once, and so does one that it does not answer.
        async with self._database.begin() as db:
            if not await breach_results.claim_check(db, user_id, hashes, now, PERIOD):
                return None
        is_breached = await self._breached.look_up(digest)
        if is_breached is None:
            return "failed"
        async with self._database.begin() as db:
            # Nothing is written if it was known before, or if the user has another password by now.
            email = await breach_results.write_result(db, user_id, hashes, now if is_breached else None)
            if is_breached and email is not None:
                await self._letters.send_breached_password(db, user_id, email)
        return "breached" if is_breached else "clean"
