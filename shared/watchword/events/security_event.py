"""What arrives: a token is opened, judged (RFC 8417 section 2), and what it says is read out of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from watchword.auth.errors import InvalidToken
from watchword.auth.jws import JwsReader, ensure_meant_for, number

TYPES: Final = ("secevent+jwt", "application/secevent+jwt")


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """One event. `subject` is the user it is about, where it is about one; `at` is when it happened."""

    jti: str
    type: str
    subject: str | None
    session_id: str | None
    claims: Mapping[str, Any]
    at: datetime

    @property
    def valid_from(self) -> int:
        """Tokens issued before this second say what is no longer so."""
        return int(self.claims.get("event_timestamp", self.at.timestamp()))


async def open_token(reader: JwsReader, jti: str, token: object, issuer: str, audience: str) -> ReceivedEvent:
    """Raises InvalidToken where this is no event of this issuer for this receiver."""
    if not isinstance(token, str):
        raise InvalidToken("no text")
    claims, _ = await reader.read(token)
    ensure_meant_for(claims, issuer, audience)
    events = claims.get("events")
    if claims.get("jti") != jti or not isinstance(events, dict) or len(events) != 1 or "exp" in claims:
        raise InvalidToken("no security event token of one event")
    ((kind, body),) = events.items()
    if not isinstance(body, dict):
        raise InvalidToken("an event without members")
    if "event_timestamp" in body:
        number(body, "event_timestamp")
    at = datetime.fromtimestamp(number(claims, "toe" if "toe" in claims else "iat"), UTC)
    subject, session_id = subject_of(claims.get("sub_id"), issuer)
    return ReceivedEvent(jti, kind, subject, session_id, body, at)


def subject_of(sub_id: Any, issuer: str) -> tuple[str | None, str | None]:
    """The user and the session that a subject identifier of this issuer names (RFC 9493; SSF 1.0 section 3)."""
    if not isinstance(sub_id, dict):
        return None, None
    if sub_id.get("format") != "complex":
        is_ours = sub_id.get("format") == "iss_sub" and sub_id.get("iss") == issuer
        return (_text(sub_id.get("sub")) if is_ours else None), None
    user, _ = subject_of(sub_id.get("user"), issuer)
    if user is None and "user" in sub_id:
        # Somebody else's session, or somebody whom nobody here knows by that name.
        return None, None
    session = sub_id.get("session")
    named = isinstance(session, dict) and session.get("format") == "opaque" and session.get("id")
    return user, _text(named)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
