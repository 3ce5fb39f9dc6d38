"""Rows of the audit log that tests write themselves."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from tests.support.databases import Databases

NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)

INSERT: Final = """
    INSERT INTO identity.audit_entries (id, at, actor, action, subject, detail, address, request_id)
    VALUES ($1, $2, $3, $4, $5, '{}', $6, $7)
"""


def id_at(at: datetime, number: int = 0) -> UUID:
    """An id of version 7 with this time."""
    milliseconds = (at - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)
    return UUID(int=(milliseconds << 80) | (0x7 << 76) | (0b10 << 62) | number)


async def write(databases: Databases, number: int, **members: Any) -> str:
    """Write the entry of so many seconds after noon, and return its id."""
    at = NOON + timedelta(seconds=number)
    values = {"actor": "ada", "action": "session.ended", "subject": "s", "address": None, "request_id": None, **members}
    entry_id = id_at(at, number)
    await databases.execute("identity_app", INSERT, entry_id, at, *values.values())
    return str(entry_id)
