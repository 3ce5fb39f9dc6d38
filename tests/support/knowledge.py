"""What a service learns in its first moments is learned once in this process, which has a service for each test: how
statements are compiled, and what the types of PostgreSQL are."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, Final

import asyncpg
from sqlalchemy import event
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.util import LRUCache

_FIRST_OWN_TYPE: Final = 16_384
"""Types with a lower number are the same in every database."""

_compiled: "LRUCache[Any, Any]" = LRUCache(5_000)
_types: dict[frozenset[int], Any] = {}
_introspect = asyncpg.Connection._introspect_types  # type: ignore[attr-defined]


def share_knowledge() -> None:
    """From now on, every engine and every connection knows what another one has learned."""
    event.listen(Engine, "engine_connect", _share_compiled)
    # Compiled statements are remembered by dialect, of which each engine has its own; here all are alike.
    PGDialect_asyncpg.__eq__ = _is_alike  # type: ignore[method-assign]
    PGDialect_asyncpg.__hash__ = _hash_of_alike  # type: ignore[method-assign, assignment]
    asyncpg.Connection._introspect_types = _types_of  # type: ignore[attr-defined]


def _share_compiled(connection: Connection) -> None:
    connection.engine._compiled_cache = _compiled


def _is_alike(dialect: object, other: object) -> bool:
    return type(dialect) is type(other)


def _hash_of_alike(dialect: object) -> int:
    return hash(type(dialect))


async def _types_of(connection: Any, numbers: Iterable[int], timeout: float) -> tuple[Any, Any]:
    """The rows that describe these types, and the statement that read them, which has a name if nothing was read."""
    key = frozenset(numbers)
    if key in _types:
        return _types[key], SimpleNamespace(name="nothing was read")
    rows, statement = await _introspect(connection, key, timeout)
    if max(key) < _FIRST_OWN_TYPE:
        _types[key] = rows
    return rows, statement
