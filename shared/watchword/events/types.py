"""Event types of CAEP 1.0 and RISC 1.0, with their subjects (RFC 9493) and their claims."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

_CAEP: Final = "https://schemas.openid.net/secevent/caep/event-type/"
_RISC: Final = "https://schemas.openid.net/secevent/risc/event-type/"
_SSF: Final = "https://schemas.openid.net/secevent/ssf/event-type/"


class EventType(StrEnum):
    SESSION_REVOKED = _CAEP + "session-revoked"
    TOKEN_CLAIMS_CHANGE = _CAEP + "token-claims-change"
    CREDENTIAL_CHANGE = _CAEP + "credential-change"
    ACCOUNT_DISABLED = _RISC + "account-disabled"
    ACCOUNT_ENABLED = _RISC + "account-enabled"
    ACCOUNT_PURGED = _RISC + "account-purged"
    IDENTIFIER_CHANGED = _RISC + "identifier-changed"
    VERIFICATION = _SSF + "verification"
    STREAM_UPDATED = _SSF + "stream-updated"


SUPPORTED: Final = tuple(kind for kind in EventType if kind not in (EventType.VERIFICATION, EventType.STREAM_UPDATED))
"""The types that a stream may ask for; the other two belong to every stream."""


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """One event about one subject. `claims` are those of the event, not of the token that carries it."""

    type: str
    subject: Mapping[str, Any]
    claims: Mapping[str, Any] = field(default_factory=dict)


def iss_sub(issuer: str, subject: str) -> dict[str, Any]:
    """A user as a subject identifier (RFC 9493 section 3.2.3)."""
    return {"format": "iss_sub", "iss": issuer, "sub": subject}


def session_of(issuer: str, subject: str, session_id: str) -> dict[str, Any]:
    """A session of a user, as a complex subject identifier (SSF 1.0)."""
    return {
        "format": "complex",
        "user": iss_sub(issuer, subject),
        "session": {"format": "opaque", "id": session_id},
    }


def session_revoked(
    issuer: str, subject: str, session_id: str, *, at: datetime, initiator: str, reason: str
) -> SecurityEvent:
    """No token of this session is valid now. `initiator` is admin, user, policy or system (CAEP section 2)."""
    claims = _circumstances(int(at.timestamp()), initiator, reason)
    return SecurityEvent(EventType.SESSION_REVOKED, session_of(issuer, subject, session_id), claims)


def token_claims_change(
    issuer: str, subject: str, valid_from: int, claims: Mapping[str, Any], *, initiator: str, reason: str
) -> SecurityEvent:
    """Tokens of this user whose `iat` is less than `valid_from` (seconds) make claims that are not true now."""
    changed = {**_circumstances(valid_from, initiator, reason), "claims": dict(claims)}
    return SecurityEvent(EventType.TOKEN_CLAIMS_CHANGE, iss_sub(issuer, subject), changed)


def password_change(
    issuer: str, subject: str, change: str, *, at: datetime, initiator: str, reason: str
) -> SecurityEvent:
    """The password was changed as `change` says: "update" or "revoke". Sessions that end are events of their own."""
    claims = {
        "credential_type": "password",
        "change_type": change,
        **_circumstances(int(at.timestamp()), initiator, reason),
    }
    return SecurityEvent(EventType.CREDENTIAL_CHANGE, iss_sub(issuer, subject), claims)


def account_disabled(issuer: str, subject: str) -> SecurityEvent:
    return SecurityEvent(EventType.ACCOUNT_DISABLED, iss_sub(issuer, subject))


def account_enabled(issuer: str, subject: str) -> SecurityEvent:
    return SecurityEvent(EventType.ACCOUNT_ENABLED, iss_sub(issuer, subject))


def account_purged(issuer: str, subject: str) -> SecurityEvent:
    """The account was deleted, and its receivers must delete what they keep of it."""
    return SecurityEvent(EventType.ACCOUNT_PURGED, iss_sub(issuer, subject))


def identifier_changed(issuer: str, subject: str, new_value: str) -> SecurityEvent:
    """The user has another name. RISC means e-mail addresses and telephone numbers; the form serves names as well."""
    return SecurityEvent(EventType.IDENTIFIER_CHANGED, iss_sub(issuer, subject), {"new-value": new_value})


def _circumstances(timestamp: int, initiator: str, reason: str) -> dict[str, Any]:
    """When, by whom and why, as members that CAEP's event types have in common (CAEP section 2)."""
    return {"event_timestamp": timestamp, "initiating_entity": initiator, "reason_admin": {"en": reason}}
