"""The claims of a security event token that say what happened (RFC 8417 section 2.2)."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from watchword.events.types import SecurityEvent

HAPPENED_AT: Final = "happened_at"
"""A member of our own in each event: when it happened, in seconds since 1970 and fractions, since `toe` has none."""


def event_claims(event: SecurityEvent, txn: UUID, happened_at: datetime) -> dict[str, Any]:
    """What happened, to whom and when. Events of one cause share a `txn`."""
    seconds = happened_at.timestamp()
    return {
        "txn": str(txn),
        "toe": int(seconds),
        "sub_id": dict(event.subject),
        "events": {event.type: {**event.claims, HAPPENED_AT: seconds}},
    }
