"""What the audit log says."""

from typing import Any

import orjson

from tests.support.databases import Databases

ENTRIES = "SELECT actor, action, subject, detail FROM identity.audit_entries WHERE action = ANY($1) ORDER BY id"
ABOUT = "SELECT actor, action, detail FROM identity.audit_entries WHERE subject = $1 ORDER BY id"


async def entries_of(databases: Databases, *actions: str) -> list[tuple[str, str, Any, Any]]:
    """Subject, action, `before` and `after` of each entry about such an action, the oldest first."""
    rows = await databases.fetch("identity_app", ENTRIES, list(actions))
    details = [orjson.loads(row["detail"]) for row in rows]
    return [
        (row["subject"], row["action"], detail["before"], detail["after"])
        for row, detail in zip(rows, details, strict=True)
    ]


async def acts(databases: Databases, subject: str) -> list[tuple[str, str, Any, Any]]:
    """Actor, action, `before` and `after` of each entry about this subject, the oldest first."""
    rows = await databases.fetch("identity_app", ABOUT, subject)
    details = [orjson.loads(row["detail"]) for row in rows]
    return [
        (row["actor"], row["action"], detail.get("before"), detail.get("after"))
        for row, detail in zip(rows, details, strict=True)
    ]
