"""What can have happened: event types of CAEP 1.0 and RISC 1.0, their subjects (RFC 9493), their claims."""

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
"""What a stream may ask for; the other two belong to every stream."""


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """One thing that happened to one subject. `claims` are those of the event, not of the token that carries it."""

    type: str
    subject: Mapping[str, Any]
    claims: Mapping[str, Any] = field(default_factory=dict)


def iss_sub(issuer: str, subject: str) -> dict[str, Any]:
    """A user as RFC 9493 section 3.2.3 names one."""
    return {"format": "iss_sub", "iss": issuer, "sub": subject}


def session_of(issuer: str, subject: str, session_id: str) -> dict[str, Any]:
    """A session of a user: a complex subject (SSF 1.0)."""
    return {
        "format": "complex",
        "user": iss_sub(issuer, subject),
        "session": {"format": "opaque", "id": session_id},
    }


def session_revoked(issuer: str, subject: str, session_id: str, at: datetime, by: str, why: str) -> SecurityEvent:
    """No token of this session is good any more. `by` is admin, user, policy or system (CAEP section 2)."""
    return SecurityEvent(EventType.SESSION_REVOKED, session_of(issuer, subject, session_id), _common(at, by, why))


def token_claims_change(
    issuer: str, subject: str, valid_from: int, claims: Mapping[str, Any], by: str, why: str
) -> SecurityEvent:
    """Tokens of this user issued before `valid_from` (seconds; their `iat` is less) say what is no longer so."""
    common = {"event_timestamp": valid_from, "initiating_entity": by, "reason_admin": {"en": why}}
    return SecurityEvent(EventType.TOKEN_CLAIMS_CHANGE, iss_sub(issuer, subject), {**common, "claims": dict(claims)})


def password_change(issuer: str, subject: str, at: datetime, change: str, by: str, why: str) -> SecurityEvent:
    """The password was updated or revoked. What follows for sessions is said by session-revoked events."""
    claims = {"credential_type": "password", "change_type": change, **_common(at, by, why)}
    return SecurityEvent(EventType.CREDENTIAL_CHANGE, iss_sub(issuer, subject), claims)


def account_disabled(issuer: str, subject: str) -> SecurityEvent:
    return SecurityEvent(EventType.ACCOUNT_DISABLED, iss_sub(issuer, subject))


def account_enabled(issuer: str, subject: str) -> SecurityEvent:
    return SecurityEvent(EventType.ACCOUNT_ENABLED, iss_sub(issuer, subject))


def account_purged(issuer: str, subject: str) -> SecurityEvent:
    """The account is gone, and what others keep of it must go."""
    return SecurityEvent(EventType.ACCOUNT_PURGED, iss_sub(issuer, subject))


def identifier_changed(issuer: str, subject: str, new_value: str) -> SecurityEvent:
    """The user has another name. RISC means e-mail addresses and telephone numbers; the form serves names as well."""
    return SecurityEvent(EventType.IDENTIFIER_CHANGED, iss_sub(issuer, subject), {"new-value": new_value})


def _common(at: datetime, by: str, why: str) -> dict[str, Any]:
    return {"event_timestamp": int(at.timestamp()), "initiating_entity": by, "reason_admin": {"en": why}}
