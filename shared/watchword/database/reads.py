"""The read path: statements compiled once at import, held prepared on each connection, no session, no transaction."""

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import asyncpg
from sqlalchemy import Dialect, Select
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

from watchword.errors import AppError
from watchword.observability.tracing import database_span, is_on

_DIALECT: Final[Dialect] = asyncpg_dialect()  # type: ignore[no-untyped-call]


class ReadStatement:
    """A SELECT written with SQLAlchemy Core, compiled for asyncpg. Its arguments are the bound parameters by name."""

    def __init__(self, select: Select[*tuple[Any, ...]]) -> None:
        compiled = select.compile(dialect=_DIALECT)
        self.sql = str(compiled)
        # What spans call it: the first table it reads.
        self.name = "SELECT " + " ".join(re.findall(r"\bFROM (\S+)", self.sql)[:1])
        self._names = tuple(compiled.positiontup or ())
        self._constants = {name: value for name, value in compiled.params.items() if value is not None}

    def arguments(self, values: dict[str, Any]) -> Sequence[Any]:
        constants = self._constants
        return [values[name] if name in values else constants[name] for name in self._names]


class _Held:
    """A connection and what is prepared on it."""

    __slots__ = ("connection", "prepared")

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.connection = connection
        self.prepared: dict[ReadStatement, asyncpg.prepared_stmt.PreparedStatement[asyncpg.Record]] = {}

    async def prepare(self, statement: ReadStatement) -> "asyncpg.prepared_stmt.PreparedStatement[asyncpg.Record]":
        prepared = self.prepared.get(statement)
        if prepared is None:
            prepared = self.prepared[statement] = await self.connection.prepare(statement.sql)
        return prepared


class PoolUse(NamedTuple):
    """Connections that a pool may have, those that are in use, and how many wait for one."""

    size: int
    in_use: int
    waiting: int


class ReadPool:
    """At most `size` connections, opened when first needed, the most recently used first.

    Nothing here ever changes the state of a connection, so none is reset between two reads.
    """

    def __init__(
        self,
        dsn: str,
        *,
        size: int,
        connect_timeout: float,
        command_timeout: float,
        wait_timeout: float,
        unavailable: Callable[[BaseException], AppError | None],
    ) -> None:
        self._dsn = dsn
        self._connect_timeout = connect_timeout
        self._command_timeout = command_timeout
        self._wait_timeout = wait_timeout
        self._unavailable = unavailable
        self._closed = False
        self._size = size
        self._waiting = 0
        self._free: asyncio.LifoQueue[_Held | None] = asyncio.LifoQueue()
        for _ in range(size):
            self._free.put_nowait(None)

    async def row(self, statement: ReadStatement, **values: Any) -> asyncpg.Record | None:
        """The first row, or None. Raises what `unavailable` makes of a database that does not answer."""
        rows = await self._traced(statement, values, 1) if is_on() else await self._run(statement, values, 1)
        return rows[0] if rows else None

    async def rows(self, statement: ReadStatement, **values: Any) -> list[asyncpg.Record]:
        return await self._traced(statement, values, 0) if is_on() else await self._run(statement, values, 0)

    def use(self) -> PoolUse:
        return PoolUse(self._size, self._size - self._free.qsize(), self._waiting)

    async def close(self) -> None:
        """End every connection; those in use end when they are given back."""
        self._closed = True
        while not self._free.empty():
            held = self._free.get_nowait()
            if held is not None:
                held.connection.terminate()

    async def _traced(self, statement: ReadStatement, values: dict[str, Any], limit: int) -> list[asyncpg.Record]:
        with database_span(statement.name):
            return await self._run(statement, values, limit)

    async def _run(self, statement: ReadStatement, values: dict[str, Any], limit: int) -> list[asyncpg.Record]:
        held: _Held | None = None
        try:
            held = await self._take()
            try:
                if held is None or held.connection.is_closed():
                    held = _Held(await self._connect())
                return await _execute(held, statement, statement.arguments(values), limit)
            except asyncpg.InternalClientError:
                # The server has said that it ends this connection; nothing can be asked on it, though it looks open.
                if held is not None:
                    held.connection.terminate()
                raise
            finally:
                self._give_back(held)
        except Exception as error:
            if (unavailable := self._unavailable(error)) is not None:
                raise unavailable from error
            raise

    async def _take(self) -> _Held | None:
        if not self._free.empty():
            return self._free.get_nowait()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_timeout):
                return await self._free.get()
        finally:
            self._waiting -= 1

    def _give_back(self, held: _Held | None) -> None:
        if self._closed and held is not None:
            held.connection.terminate()
            held = None
        self._free.put_nowait(held)

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(self._dsn, timeout=self._connect_timeout, command_timeout=self._command_timeout)


async def _execute(held: _Held, statement: ReadStatement, arguments: Sequence[Any], limit: int) -> list[asyncpg.Record]:
    prepared = await held.prepare(statement)
    try:
        return await _fetch(prepared, arguments, limit)
    except asyncpg.InvalidCachedStatementError:
        # A migration changed a table under the prepared statement.
        del held.prepared[statement]
        return await _fetch(await held.prepare(statement), arguments, limit)


async def _fetch(
    prepared: "asyncpg.prepared_stmt.PreparedStatement[asyncpg.Record]", arguments: Sequence[Any], limit: int
) -> list[asyncpg.Record]:
    if limit == 1:
        row = await prepared.fetchrow(*arguments)
        return [] if row is None else [row]
    return await prepared.fetch(*arguments)
