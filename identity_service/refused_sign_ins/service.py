"""Recording refused sign-ins, each at once or, if it must cost no statement, together with others each second."""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from identity_service.keys.digests import Digests
from identity_service.refused_sign_ins import repository
from identity_service.refused_sign_ins.models import Attempts, Reason
from identity_service.users import repository as users
from identity_service.users.normal_form import without_case
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.database.errors import DatabaseUnavailable
from watchword.lines import Seldom
from watchword.service.callers import caller_address
from watchword.tasks import repeat

logger = logging.getLogger("identity.sign_ins")

PAUSE_SECONDS: Final = 1.0
WRITE_SECONDS: Final = 1.0
MOST_WAITING: Final = 2_000
"""Rows that a process may hold until they are written: some 500 kB."""

Waiting = dict[tuple[Attempts, datetime], int]
"""How many attempts of a minute wait to be written."""


class RefusedSignIns:
    """The record of one process. No method fails because the database does: what could not be written waits."""

    def __init__(self, database: Database, digests: Digests, clock: Clock) -> None:
        self._database = database
        self._digest = partial(digests.of, "refused sign-ins")
        self._clock = clock
        self._waiting: Waiting = {}
        self._is_failing = False
        self._writing = asyncio.Lock()
        self._seldom = Seldom(logger)

    async def record(self, login: str, user_id: UUID | None, reason: Reason) -> None:
        """Log and record a sign-in that is refused after its password was hashed. `user_id` is None if no user has
        this login.

        One statement, the same for every login, so that the time does not tell which accounts exist.
        """
        attempts = Attempts(without_case(login), user_id, caller_address.get(), reason)
        text = "refused a sign-in for %s from %s: %s"
        account = f"account {user_id}" if user_id is not None else "no account"
        logger.info(text, account, attempts.address, reason, extra={"user_id": user_id, "address": attempts.address})
        waiting = {(attempts, self._minute()): 1}
        if self._is_failing:
            # No request waits for a database that has just refused another one.
            self._put(waiting)
            return
        try:
            await self._write(waiting)
        except DatabaseUnavailable:
            self._is_failing = True
            self._put(waiting)

    def count(self, login: str | None) -> None:
        """Record, within a second, a sign-in that a limit has refused. `login` is None if it was the limit of the
        caller's address."""
        login = None if login is None else without_case(login)
        self._put({(Attempts(login, None, caller_address.get(), Reason.LIMITED), self._minute()): 1})

    async def run(self) -> None:
        """Write what waits, until the task is cancelled."""
        await repeat(self.write_waiting, lambda: PAUSE_SECONDS, logger, name="recording refused sign-ins")

    async def write_waiting(self) -> None:
        """Write what waits. Raises DatabaseUnavailable: then all of it still waits."""
        async with self._writing:
            waiting, self._waiting = self._waiting, {}
            if not waiting:
                self._is_failing = False
                return
            try:
                await self._write(await self._with_users(waiting))
                self._is_failing = False
            except BaseException:
                self._put(waiting)
                raise

    async def finish(self) -> None:
        """Write what waits before the process ends, if the database takes it."""
        with suppress(DatabaseUnavailable):
            await self.write_waiting()

    def _minute(self) -> datetime:
        return self._clock.now().replace(second=0, microsecond=0)

    def _put(self, waiting: Waiting) -> None:
        for key, count in waiting.items():
            if key not in self._waiting and len(self._waiting) >= MOST_WAITING:
                text = "not every refused sign-in is recorded: more than %d rows wait to be written"
                self._seldom.log(logging.WARNING, "full", text, MOST_WAITING)
            else:
                self._waiting[key] = self._waiting.get(key, 0) + count

    async def _with_users(self, waiting: Waiting) -> Waiting:
        """What waits, with the users whose logins these are: nobody looks them up when a limit refuses a sign-in."""
        unknown = {attempts.login for attempts, _ in waiting if attempts.login and attempts.user_id is None}
        if not unknown:
            return waiting
        rows = await self._database.reads.fetch_rows(users.BY_LOGINS, logins=list(unknown))
        ids = {without_case(row[name]): row["id"] for row in rows for name in ("username", "email")}
        return {
            (attempts._replace(user_id=attempts.user_id or ids.get(attempts.login or "")), minute): count
            for (attempts, minute), count in waiting.items()
        }

    async def _write(self, waiting: Waiting) -> None:
        """Add what waits to the table. The rows are in one order, so that no two processes wait for each other.

        Raises DatabaseUnavailable, also if somebody locks the table.
        """
        rows: dict[tuple[bytes, str, datetime], tuple[UUID | None, Reason, int]] = {}
        for (attempts, minute), count in waiting.items():
            key = self._account(attempts), attempts.address, minute
            count_before = rows[key][2] if key in rows else 0
            rows[key] = attempts.user_id, attempts.reason, count_before + count
        columns = repository.columns([(*key, *rows[key]) for key in sorted(rows)])
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self._database.writes.fetch_row(repository.UPSERT, **columns)
        except TimeoutError as error:
            raise DatabaseUnavailable("the record of refused sign-ins takes too long") from error

    def _account(self, attempts: Attempts) -> bytes:
        if attempts.user_id is not None:
            return attempts.user_id.bytes
        return b"" if attempts.login is None else self._digest(attempts.login)
