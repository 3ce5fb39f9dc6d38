"""Why sessions and sign-ons end, and how long they are remembered."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

RETENTION: Final = timedelta(days=30)
"""How long after its end a session, a refresh token or a sign-on is deleted."""

MAX_ENDED_AT_ONCE: Final = 10
"""How many sessions, or sign-ons, beyond the limit one sign-in ends. Each session is an event, and an account can have
thousands if the limit was raised or there was none."""


class EndReason(StrEnum):
    SIGNED_OUT = "signed out"
    ENDED_BY_OWNER = "ended by its owner"
    REVOKED = "revoked by its client"
    REPLAY = "refresh token replayed"
    CODE_REPLAY = "authorization code replayed"
    DEVICE_CODE_REPLAY = "device code replayed"
    PASSWORD_CHANGED = "password changed"  # noqa: S105 - a reason, no password
    PASSWORD_RESET = "password reset"  # noqa: S105 - a reason, no password
    DISAVOWED = "disavowed by the account's owner"
    ADDRESS_RESTORED = "change of address undone"
    DISABLED = "account disabled"
    ENDED_BY_ADMINISTRATOR = "ended by an administrator"
    REPLACED = "signed in again in the same browser"
    CONSENT_WITHDRAWN = "access taken back by its owner"
    CLIENT_DELETED = "application deleted"
    FACTOR_ADDED = "second factor added"
    FACTOR_REMOVED = "second factor removed"
    FACTOR_REPLACED = "authenticator app replaced"
    FACTORS_RESET = "second factors removed by an administrator"
    TOO_MANY = "more sessions than an account may have"


def is_live(ended_at: datetime | None, expires_at: datetime, now: datetime) -> bool:
    """Whether a session or a sign-on has neither ended nor expired."""
    return ended_at is None and now < expires_at
