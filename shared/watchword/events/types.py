"""Event types of CAEP 1.0 and RISC 1.0 and those of an issuer itself, with their subjects (RFC 9493) and claims."""

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
    ASSURANCE_LEVEL_CHANGE = _CAEP + "assurance-level-change"
    ACCOUNT_DISABLED = _RISC + "account-disabled"
    ACCOUNT_ENABLED = _RISC + "account-enabled"
    ACCOUNT_PURGED = _RISC + "account-purged"
    IDENTIFIER_CHANGED = _RISC + "identifier-changed"
    VERIFICATION = _SSF + "verification"
    STREAM_UPDATED = _SSF + "stream-updated"


SUPPORTED: Final = tuple(kind for kind in EventType if kind not in (EventType.VERIFICATION, EventType.STREAM_UPDATED))
"""The standard types that a stream may ask for; the other two belong to every stream."""


def role_changed_type(issuer: str) -> str:
    """The type of an issuer's own events about what a role may do, which no standard has."""
    return f"{issuer}/events/role-changed"


def signing_key_withdrawn_type(issuer: str) -> str:
    """The type of an issuer's own events about a signing key that was withdrawn because it leaked."""
    return f"{issuer}/events/signing-key-withdrawn"


def canary_type(issuer: str) -> str:
    """What a stream asks for to get the issuer's canaries: a `session-revoked` now and then, for a session that never
    was, by which a receiver measures how quickly it obeys."""
    return f"{issuer}/events/canary"


def supported_by(issuer: str) -> tuple[str, ...]:
    """Every type that a stream of this issuer may ask for."""
    return (*SUPPORTED, role_changed_type(issuer), signing_key_withdrawn_type(issuer), canary_type(issuer))


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


def all_sessions_revoked(
    issuer: str, subject: str, version: int, *, except_sid: str | None, at: datetime, initiator: str, reason: str
) -> SecurityEvent:
    """No token of this user with a smaller `ver` is valid now, except those of the session `except_sid`.

    `ver` and `except_sid` are members of our own. Other receivers compare times, and refuse that session's tokens too.
    """
    claims = {**_circumstances(int(at.timestamp()), initiator, reason), "ver": version}
    if except_sid is not None:
        claims["except_sid"] = except_sid
    return SecurityEvent(EventType.SESSION_REVOKED, iss_sub(issuer, subject), claims)


def token_claims_change(
    issuer: str, subject: str, version: int, claims: Mapping[str, Any], *, at: datetime, initiator: str, reason: str
) -> SecurityEvent:
    """Tokens of this user whose `ver` is less than `version` have roles or permissions that are out of date."""
    changed = {**_circumstances(int(at.timestamp()), initiator, reason), "claims": dict(claims), "ver": version}
    return SecurityEvent(EventType.TOKEN_CLAIMS_CHANGE, iss_sub(issuer, subject), changed)


def role_changed(
    issuer: str, role: str, role_version: int, *, at: datetime, initiator: str, reason: str
) -> SecurityEvent:
    """Tokens that carry this role and whose `rver` is less than `role_version` list permissions that are out of date.

    The role is the subject, as an opaque identifier (RFC 9493 section 3.2.7): the event is about no single user.
    """
    claims = {**_circumstances(int(at.timestamp()), initiator, reason), "role": role, "rver": role_version}
    return SecurityEvent(role_changed_type(issuer), {"format": "opaque", "id": role}, claims)


def signing_key_withdrawn(
    issuer: str, kid: str, *, expires_at: datetime, at: datetime, initiator: str, reason: str
) -> SecurityEvent:
    """No token that this key signed is valid now, whatever a JWKS says; by `expires_at` all of them have expired.

    The key is the subject, as an opaque identifier (RFC 9493 section 3.2.7).
    """
    circumstances = _circumstances(int(at.timestamp()), initiator, reason)
    claims = {**circumstances, "kid": kid, "expires_at": int(expires_at.timestamp())}
    return SecurityEvent(signing_key_withdrawn_type(issuer), {"format": "opaque", "id": kid}, claims)


def password_change(
    issuer: str, subject: str, change: str, *, at: datetime, initiator: str, reason: str
) -> SecurityEvent:
    """The password was changed as `change` says: "update" or "revoke". Sessions that end are events of their own."""
    return credential_change(issuer, subject, "password", change, at=at, initiator=initiator, reason=reason)


def credential_change(
    issuer: str, subject: str, credential: str, change: str, *, at: datetime, initiator: str, reason: str
) -> SecurityEvent:
    """A credential of this type (CAEP section 3.3: password, app, fido2-platform, fido2-roaming; or "recovery-codes",
    which is ours) was changed as `change` says: "create", "revoke", "update" or "delete"."""
    circumstances = _circumstances(int(at.timestamp()), initiator, reason)
    claims = {"credential_type": credential, "change_type": change, **circumstances}
    return SecurityEvent(EventType.CREDENTIAL_CHANGE, iss_sub(issuer, subject), claims)


def assurance_level_change(
    issuer: str, subject: str, version: int, level: str, *, at: datetime, initiator: str, reason: str
) -> SecurityEvent:
    """Tokens of this user with a smaller `ver`, a member of our own, count for at most this level, which is "pwd" or
    "mfa" (RFC 8176). A stronger factor of the account was removed."""
    circumstances = _circumstances(int(at.timestamp()), initiator, reason)
    levels = {"namespace": "RFC8176", "current_level": level, "change_direction": "decrease"}
    return SecurityEvent(
        EventType.ASSURANCE_LEVEL_CHANGE, iss_sub(issuer, subject), {**circumstances, **levels, "ver": version}
    )


def account_disabled(issuer: str, subject: str, version: int) -> SecurityEvent:
    """No token of this user is valid until the account is enabled again. `ver`, a member of our own, tells which of the
    two was later."""
    return SecurityEvent(EventType.ACCOUNT_DISABLED, iss_sub(issuer, subject), {"ver": version})


def account_enabled(issuer: str, subject: str, version: int) -> SecurityEvent:
    return SecurityEvent(EventType.ACCOUNT_ENABLED, iss_sub(issuer, subject), {"ver": version})


def account_purged(issuer: str, subject: str) -> SecurityEvent:
    """The account was deleted, and its receivers must delete what they keep of it."""
    return SecurityEvent(EventType.ACCOUNT_PURGED, iss_sub(issuer, subject))


def identifier_changed(issuer: str, subject: str, new_value: str) -> SecurityEvent:
    """The user has another name. RISC means e-mail addresses and telephone numbers; the form serves names as well."""
    return SecurityEvent(EventType.IDENTIFIER_CHANGED, iss_sub(issuer, subject), {"new-value": new_value})


def _circumstances(timestamp: int, initiator: str, reason: str) -> dict[str, Any]:
    """When, by whom and why, as members that CAEP's event types have in common (CAEP section 2)."""
    return {"event_timestamp": timestamp, "initiating_entity": initiator, "reason_admin": {"en": reason}}
