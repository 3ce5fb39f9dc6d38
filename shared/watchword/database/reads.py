"""The read path: one prepared statement on a pooled connection, no session, no transaction around it."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from watchword.database.errors import failures_as_unavailable
from watchword.database.joint_read import PLACE, JointRead
from watchword.database.pool import PoolUse, StatementPool
from watchword.observability.tracing import is_on

Rows = list[asyncpg.Record]

MOST_TOGETHER: Final = 16
"""How many callers one statement serves at most: the rows of all of them are in memory at the same time."""


class _Call(NamedTuple):
    values: dict[str, Any]
    rows: "asyncio.Future[Rows]"


class ReadPool(StatementPool):
    """For hot reads. A statement that changes something and is the whole transaction may go this way if its callers
    are few and must not wait behind the writes of requests.

    Callers of one JointRead that would each wait for a connection wait together, and one statement serves all of them
    as soon as a connection is free.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._calls: dict[JointRead, deque[_Call]] = {}
        self._servers: set[asyncio.Task[None]] = set()

    async def fetch_joint_row(self, read: JointRead, **values: Any) -> asyncpg.Record | None:
        """The first row, or None. It may have one more column, the last. Raises as `fetch_row` does."""
        if self._slots.has_free or is_on():
            return await self.fetch_row(read, **values)
        rows = await self._join(read, values)
        return rows[0] if rows else None

    async def fetch_joint_rows(self, read: JointRead, **values: Any) -> Rows:
        """All rows. They may have one more column, the last. Raises as `fetch_rows` does."""
        # A trace shows the statements of each request.
        if self._slots.has_free or is_on():
            return await self.fetch_rows(read, **values)
        return await self._join(read, values)

    def use(self) -> PoolUse:
        use = super().use()
        return use._replace(waiting=use.waiting - len(self._servers) + sum(map(len, self._calls.values())))

    async def _join(self, read: JointRead, values: dict[str, Any]) -> Rows:
        """Wait with the other callers of this read."""
        # A call with the wrong arguments must not fail the others.
        read.arguments(values)
        call = _Call(values, asyncio.get_running_loop().create_future())
        calls = self._calls.setdefault(read, deque())
        if len(calls) % MOST_TOGETHER == 0:
            # In a task of its own: whoever waits may be cancelled, and the others are still served.
            server = asyncio.create_task(self._serve(read, calls))
            self._servers.add(server)
            server.add_done_callback(self._servers.discard)
        calls.append(call)
        return await call.rows

    async def _serve(self, read: JointRead, waiting: deque[_Call]) -> None:
        """Run the read for those who wait when a connection is free."""
        calls: list[_Call] = []
        try:
            with failures_as_unavailable():
                try:
                    pooled = await self._acquire()
                finally:
                    # Those who have come in the meantime are served too.
                    calls = _first(waiting)
                if calls:
                    _give(await self._run(read.together, _joined(read, calls), PreparedStatement.fetch, pooled), calls)
                else:
                    self._release(pooled)
        except Exception as error:
            for call in calls:
                if not call.rows.done():
                    call.rows.set_exception(error)


def _first(waiting: deque[_Call]) -> list[_Call]:
    """Remove those who are served next, without those who have gone."""
    calls = [waiting.popleft() for _ in range(min(len(waiting), MOST_TOGETHER))]
    return [call for call in calls if not call.rows.done()]


def _joined(read: JointRead, calls: list[_Call]) -> Sequence[Any]:
    """The arguments of the statement that serves these calls."""
    return read.together.arguments({name: [call.values[name] for call in calls] for name in calls[0].values})


def _give(rows: Rows, calls: list[_Call]) -> None:
    """Give each caller their rows."""
    own: list[Rows] = [[] for _ in calls]
    for row in rows:
        own[row[PLACE] - 1].append(row)
    for call, its_rows in zip(calls, own, strict=True):
        if not call.rows.done():
            call.rows.set_result(its_rows)
