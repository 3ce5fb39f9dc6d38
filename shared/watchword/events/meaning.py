"""What an event revokes."""

from watchword.auth.revocations import FOR_EVER, Kind, Revocation
from watchword.events.security_event import ReceivedEvent
from watchword.events.types import EventType, role_changed_type, signing_key_withdrawn_type


def revocation_by(received: ReceivedEvent, issuer: str, until: float) -> Revocation | None:
    """What every process must refuse because of this event of this issuer, `until` its tokens have expired; None if the
    event revokes nothing."""
    if received.type == role_changed_type(issuer):
        return _of_role(received, until)
    if received.type == signing_key_withdrawn_type(issuer):
        return _of_key(received, until)
    if received.type == EventType.SESSION_REVOKED and received.session_id is not None:
        return Revocation(Kind.SESSION, received.session_id, FOR_EVER, until)
    if received.type == EventType.ASSURANCE_LEVEL_CHANGE:
        return _of_level(received, until)
    if received.subject:
        return _of_subject(received, received.subject, until)
    return None


def _of_role(received: ReceivedEvent, until: float) -> Revocation | None:
    if not received.role or received.role_version is None:
        return None
    # No time: a process of the previous release takes the role for a subject, and must refuse nothing because of it.
    return Revocation(Kind.ROLE, received.role, 0, until, received.role_version)


def _of_key(received: ReceivedEvent, until: float) -> Revocation | None:
    if not received.key_id:
        return None
    # The thief can write tokens with any times, so the key is refused until it has left every JWKS: `expires_at`.
    return Revocation(Kind.KEY, received.key_id, FOR_EVER, max(until, received.expires_at))


def _of_level(received: ReceivedEvent, until: float) -> Revocation | None:
    """Which tokens count as weaker than they say. For a level that is none of ours, they count as the weakest, and so
    they do if the event has no `ver`: then it is about the tokens from before it, also those of the same second. An
    earlier release goes by the time as well."""
    claims, key = received.claims, received.subject or received.session_id
    if not key or claims.get("change_direction") == "increase":
        return None
    if received.version is None:
        return Revocation(Kind.WEAKEST, key, received.valid_from + 1, until)
    is_mfa = (claims.get("namespace"), claims.get("current_level")) == ("RFC8176", "mfa")
    kind = Kind.AT_MOST_MFA if is_mfa else Kind.AT_MOST_PWD
    return Revocation(kind, key, received.valid_from + 1, until, received.version)


def _of_subject(received: ReceivedEvent, subject: str, until: float) -> Revocation | None:
    match received.type:
        case EventType.TOKEN_CLAIMS_CHANGE:
            return _of_older_tokens(Kind.VERSION, received, subject, until)
        case EventType.SESSION_REVOKED:
            return _of_older_tokens(Kind.SIGNED_OUT, received, subject, until)
        case EventType.ACCOUNT_DISABLED:
            return Revocation(Kind.DISABLED, subject, FOR_EVER, until, received.version)
        case EventType.ACCOUNT_ENABLED:
            # It refuses nothing, and is kept so that an earlier disabling that arrives later has no effect.
            return Revocation(Kind.DISABLED, subject, 0, until, received.version)
        case EventType.ACCOUNT_PURGED:
            return Revocation(Kind.PURGED, subject, FOR_EVER, until)
        case _:
            return None


def _of_older_tokens(kind: Kind, received: ReceivedEvent, subject: str, until: float) -> Revocation:
    """The revocation of the subject's tokens from before the event: by version, or by time if the event has no version.

    If versions decide, the time is for processes of the previous release, which know no versions. It is a second later,
    because the `iat` of tokens is rounded down: tokens from earlier in the same second are refused too.
    """
    if received.version is None:
        return Revocation(Kind.CLAIMS, subject, received.valid_from, until)
    return Revocation(kind, subject, received.valid_from + 1, until, received.version, received.except_sid)
