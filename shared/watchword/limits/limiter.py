"""Charges limits: in the table that all processes share or, while it cannot be asked, in this process alone."""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import Table

from watchword.database.connections import connect_with_settings
from watchword.database.errors import DatabaseUnavailable
from watchword.database.writes import WritePool
from watchword.limits.errors import LimitReached
from watchword.limits.limit import Charge, Limit
from watchword.limits.memory import Instants, charge_alone, waits
from watchword.limits.pace import Pace
from watchword.limits.statements import charge_statement, undo_statement
from watchword.lines import Seldom
from watchword.tally import Tally

logger = logging.getLogger("watchword.limits")

Answer = TypeVar("Answer")

CONNECTIONS: Final = 2
ANSWER_SECONDS: Final = 0.25
LOCK_MILLISECONDS: Final = 100
ALONE_SECONDS: Final = 1.0
"""How long a process counts alone before it asks the table again."""

_KEY_BYTES: Final = 16

Digest = Callable[[str, str], bytes]
"""A keyed digest of a subject, for one label: nobody without the key can compute or guess it."""


class Limiter:
    """The limits of one process, on connections of their own. `tally` counts who judged a request, and refusals.

    A refusal is remembered until it ends, so that a flood costs no statements, and many refusals leave at `pace`.
    """

    def __init__(
        self,
        url: str,
        table: Table,
        digest: Digest,
        *,
        pace: Pace | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        connect = partial(
            connect_with_settings, url, f"SET lock_timeout = {LOCK_MILLISECONDS}", timeout=3.0, command_timeout=3.0
        )
        self._pool = WritePool(connect, size=CONNECTIONS, wait_timeout=ANSWER_SECONDS)
        self._charge, self._undo = charge_statement(table), undo_statement(table)
        self._digest = digest
        self._monotonic = monotonic
        self._pace = pace or Pace()
        self._refusals = Instants(monotonic)
        self._alone = Instants(monotonic)
        self._alone_until = -math.inf
        self._seldom = Seldom(logger)
        self._slots = asyncio.Semaphore(CONNECTIONS)
        self._tasks: set[asyncio.Task[Any]] = set()
        self.tally = Tally("together", "alone", "remembered")
        self.refusals: Tally = Tally()

    @property
    def counts_alone(self) -> bool:
        """Whether the table could not be asked just now."""
        return self._monotonic() < self._alone_until

    async def ensure_allowed(self, *charges: Charge) -> None:
        """Charge every one of these limits or, if one of them is reached, none. Raises LimitReached."""
        keys = self._keys(charges)
        refused = await self._refused(keys, charges)
        if any(refused):
            await self._refuse(keys, charges, refused)

    async def allows(self, *charges: Charge) -> bool:
        """Charge as `ensure_allowed` does, and return whether it was allowed. A refusal waits for no turn: this is for
        callers who go on either way, and may hold locks meanwhile."""
        refused = await self._refused(self._keys(charges), charges)
        if any(refused):
            self._count(refused, charges)
        return not any(refused)

    async def give_back(self, *charges: Charge) -> None:
        """Take one use of each of these limits back, since what it was charged for was not done.

        Raises nothing: if the table cannot be asked, the use stays charged. Another process that has refused a request
        meanwhile goes on refusing until the time that its answer named.
        """
        keys = self._keys(charges)
        costs = [limit.cost for limit, _ in charges]
        for key, cost in zip(keys, costs, strict=True):
            self._refusals.shorten(key, cost)
            if self.counts_alone:
                self._alone.shorten(key, cost)
        if not self.counts_alone:
            with suppress(DatabaseUnavailable, TimeoutError):
                await self._bounded(self._take_back(keys, costs))

    async def close(self) -> None:
        """Close the connections. A later charge opens others."""
        await self._pool.close()

    def _keys(self, charges: Sequence[Charge]) -> list[bytes]:
        return [self._digest(f"limit {limit.name}", subject)[:_KEY_BYTES] for limit, subject in charges]

    async def _refused(self, keys: Sequence[bytes], charges: Sequence[Charge]) -> list[float]:
        """For each of these limits, in how many seconds it allows a use again; 0 if it does not refuse this one."""
        remembered = [self._refusals.seconds_to(key) for key in keys]
        if not any(remembered):
            return await self._judge(keys, charges)
        self.tally["remembered"] += 1
        return remembered

    async def _refuse(self, keys: Sequence[bytes], charges: Sequence[Charge], refused: Sequence[float]) -> None:
        wait, limit = self._count(refused, charges)
        await self._pace.wait([key for key, seconds in zip(keys, refused, strict=True) if seconds])
        raise LimitReached(limit, max(1, math.ceil(wait)))

    def _count(self, refused: Sequence[float], charges: Sequence[Charge]) -> tuple[float, Limit]:
        """Count a refusal, as one by the limit that refuses for the longest time. Returns that time and that limit."""
        wait, (limit, _) = max(zip(refused, charges, strict=True), key=lambda pair: pair[0])
        self.refusals[limit.name] = self.refusals.get(limit.name, 0) + 1
        return wait, limit

    async def _judge(self, keys: Sequence[bytes], charges: Sequence[Charge]) -> list[float]:
        if not self.counts_alone:
            try:
                refused = await self._bounded(self._ask(keys, charges))
                self.tally["together"] += 1
                return refused
            except (DatabaseUnavailable, TimeoutError) as error:
                self._alone_until = self._monotonic() + ALONE_SECONDS
                text = "limits are counted by this process alone: the table cannot be asked: %r"
                self._seldom.log(logging.WARNING, "alone", text, error)
        self.tally["alone"] += 1
        return self._remember(keys, charge_alone(self._alone, keys, charges))

    async def _bounded(self, asking: Coroutine[Any, Any, Answer]) -> Answer:
        """Ask the table. Raises TimeoutError after ANSWER_SECONDS; a connection that is being opened is still opened,
        for the next one to ask."""
        task = asyncio.create_task(asking)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        async with asyncio.timeout(ANSWER_SECONDS):
            return await asyncio.shield(task)

    def _forget(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Retrieved, so that asyncio does not log it when nobody has waited for it.
            task.exception()

    def _remember(self, keys: Sequence[bytes], refused: list[float]) -> list[float]:
        for key, wait in zip(keys, refused, strict=True):
            if wait:
                self._refusals.put(key, wait)
        return refused

    async def _ask(self, keys: Sequence[bytes], charges: Sequence[Charge]) -> list[float]:
        async with self._slots:
            if self.counts_alone:
                # Another request has seen meanwhile that the table cannot be asked, and who asked here has given up.
                raise TimeoutError
            # Of many requests at once, those that have waited here may be refused without a statement now.
            remembered = [self._refusals.seconds_to(key) for key in keys]
            return remembered if any(remembered) else self._remember(keys, await self._charged(keys, charges))

    async def _take_back(self, keys: Sequence[bytes], costs: Sequence[float]) -> None:
        async with self._slots:
            await self._pool.fetch_rows(self._undo, keys=keys, costs=costs)

    async def _charged(self, keys: Sequence[bytes], charges: Sequence[Charge]) -> list[float]:
        costs = [limit.cost for limit, _ in charges]
        bursts = [float(limit.seconds) for limit, _ in charges]
        rows = await self._pool.fetch_rows(self._charge, keys=keys, costs=costs, bursts=bursts)
        states = {row["key"]: row for row in rows}
        refused = waits(charges, [states[key]["ahead"] for key in keys])
        if any(refused):
            return refused
        charged = [(key, cost) for key, cost in zip(keys, costs, strict=True) if states[key]["is_charged"]]
        if len(charged) == len(keys):
            return refused
        # Another request has made one of the rows at the same moment, and used the rest of its limit.
        if charged:
            await self._pool.fetch_rows(
                self._undo, keys=[key for key, _ in charged], costs=[cost for _, cost in charged]
            )
        return [0.0 if states[key]["is_charged"] else cost for key, cost in zip(keys, costs, strict=True)]
