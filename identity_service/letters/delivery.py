"""The job of a letter: looks up whether its account is still there, renders it and sends it."""

import asyncio
import logging
from typing import Any, Final

from sqlalchemy import extract, func, literal, select

from identity_service.keys.sealing import Sealer
from identity_service.letters.answers import Undeliverable
from identity_service.letters.enqueueing import unseal
from identity_service.letters.letter import Letter
from identity_service.letters.mailer import Mailer
from identity_service.letters.writer import Addressee, Writer
from identity_service.links.models import Link
from identity_service.random_tokens import digest_of
from identity_service.users.models import User
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.jobs import Job, JobKind
from watchword.tally import Tally

logger = logging.getLogger("watchword.letters")

LONGEST_PAUSE_SECONDS: Final = 300.0
LEASE_SECONDS: Final = 240.0
"""An attempt may use three quarters of it, which is more than a mail server may take in all."""


def new_outcomes() -> Tally:
    """What has become of the letters that a process has done with."""
    return Tally("sent", "no_account", "undeliverable", "expired")


class LetterDelivery:
    """Sends the letters of one process: each at least once, and twice only if it could not be written down."""

    def __init__(self, database: Database, sealer: Sealer, mailer: Mailer, writer: Writer, clock: Clock) -> None:
        self._database = database
        self._sealer = sealer
        self._mailer = mailer
        self._writer = writer
        self._clock = clock
        self.outcomes = new_outcomes()

    def job_kind(self) -> JobKind:
        return JobKind.delivery(self.deliver, lease_seconds=LEASE_SECONDS, longest_pause_seconds=LONGEST_PAUSE_SECONDS)

    async def deliver(self, job: Job) -> None:
        """Send the letter. One that has nobody to go to, or whose link has expired, is done with: no operator could do
        anything about a dead job. Raises JobRefused and Unavailable."""
        letter = unseal(job.payload, self._sealer)
        read_at = asyncio.get_running_loop().time()
        user = None if letter.user_id is None else await self._find_user(letter, job)
        if user is None:
            self.outcomes["no_account"] += 1
            return
        now = self._clock.now()
        if letter.expires_at is not None and letter.expires_at <= now:
            self._give_up(job, "expired", "its link has expired")
            return
        # The previous release wrote the address into some letters only; they wait while a mail server is away.
        addressee = Addressee(user.username, letter.to or user.email)
        try:
            mail = self._writer.write(job.id, letter, addressee, now)
            await self._mailer.send(mail, deadline=read_at + float(user.seconds))
        except Undeliverable as error:
            self._give_up(job, "undeliverable", str(error))
        else:
            self.outcomes["sent"] += 1

    def _give_up(self, job: Job, outcome: str, reason: str) -> None:
        self.outcomes[outcome] += 1
        logger.info("letter %s is not sent: %s", job.id, reason)

    async def _find_user(self, letter: Letter, job: Job) -> Any:
        """The account or None, and how much is left of the lease by the clock that counts it.

        If the letter's link has gone over to an account that took the place of the letter's, it is that account.
        """
        seconds = extract("epoch", literal(job.leased_until) - func.clock_timestamp()).label("seconds")
        holder = select(Link.user_id).where(Link.digest == digest_of(letter.token or "")).scalar_subquery()
        is_theirs = User.id == func.coalesce(holder, letter.user_id)
        statement = select(User.username, User.email, seconds).where(is_theirs)
        async with self._database.begin() as db:
            return (await db.execute(statement)).one_or_none()
