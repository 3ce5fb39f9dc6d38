"""Reading a security event token (SET): whether it is valid (RFC 8417 section 2), and what it says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from watchword.auth import KeySource
from watchword.auth.errors import InvalidToken, UnknownKey
from watchword.auth.jws import LARGEST_COUNT, JwsReader, ensure_meant_for, instant_or_none, number

SET_TYPES: Final = ("secevent+jwt", "application/secevent+jwt")

MAX_NAME_CHARACTERS: Final = 500
"""The length of the longest id or role that is taken: longer ones have no place in the index of a table."""


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """One event. `subject` is the user that it is about, None if it is about no user of this issuer; `at` is when it
    happened."""

    jti: str
    type: str
    subject: str | None
    session_id: str | None
    claims: Mapping[str, Any]
    at: datetime

    @property
    def valid_from(self) -> int:
        """In seconds: tokens of the subject that were issued earlier make claims that are not true now."""
        return int(self.claims.get("event_timestamp", self.at.timestamp()))

    @property
    def happened_at(self) -> datetime | None:
        """When it happened, to a fraction of a second, by the issuer's clock; None if the issuer does not say so."""
        instant = instant_or_none(self.claims.get("happened_at"))
        return None if instant is None else datetime.fromtimestamp(instant, UTC)

    @property
    def version(self) -> int | None:
        """The `ver` of the subject after the change; None if the issuer sends none, so that times decide."""
        return _count(self.claims.get("ver"))

    @property
    def role_version(self) -> int | None:
        """The `rver` of the issuer after the change of a role."""
        return _count(self.claims.get("rver"))

    @property
    def role(self) -> str | None:
        """The role that the event is about."""
        return _text(self.claims.get("role"))

    @property
    def key_id(self) -> str | None:
        """The `kid` of the signing key that the event is about."""
        return _text(self.claims.get("kid"))

    @property
    def expires_at(self) -> float:
        """When the last token has expired that the event is about, in seconds since 1970; 0 if it does not say so."""
        return number(dict(self.claims), "expires_at") if "expires_at" in self.claims else 0.0

    @property
    def except_sid(self) -> str | None:
        """The session that goes on when all others of the subject have ended."""
        return _text(self.claims.get("except_sid"))


class EventReader:
    """Reads the security event tokens of one issuer for one audience. `refuses_key` says whether a key is withdrawn."""

    def __init__(
        self,
        keys: KeySource,
        issuer: str,
        audience: str,
        *,
        refuses_key: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._jws = JwsReader(keys, SET_TYPES)
        self._refuses_key = refuses_key
        self._issuer = issuer
        self._audience = audience

    async def read(self, jti: str, token: object) -> ReceivedEvent:
        """The event in the token that was delivered under this `jti`.

        Raises InvalidToken if it is not an event of this issuer for this audience; UnknownKey if its key is not known,
        or is withdrawn: a process of the issuer that does not know that yet soon does, and signs with another key.
        """
        if not isinstance(token, str):
            raise InvalidToken("the token is not a text")
        claims, key = await self._jws.read(token)
        if self._refuses_key(key.kid):
            raise UnknownKey("signed with a key that was withdrawn")
        ensure_meant_for(claims, self._issuer, self._audience)
        kind, body = _single_event(claims, jti)
        at = datetime.fromtimestamp(number(claims, "toe" if "toe" in claims else "iat"), UTC)
        subject, session_id = user_and_session(claims.get("sub_id"), self._issuer)
        return ReceivedEvent(jti, kind, subject, session_id, body, at)


def _single_event(claims: Mapping[str, Any], jti: str) -> tuple[str, Mapping[str, Any]]:
    events = claims.get("events")
    if _text(claims.get("jti")) != jti or not isinstance(events, dict) or len(events) != 1 or "exp" in claims:
        raise InvalidToken("not a security event token of one event")
    ((kind, body),) = events.items()
    if not isinstance(body, dict):
        raise InvalidToken("the event is not an object")
    if "event_timestamp" in body:
        number(body, "event_timestamp")
    return kind, body


def user_and_session(sub_id: Any, issuer: str) -> tuple[str | None, str | None]:
    """The user and the session of this issuer that a subject identifier names (RFC 9493; SSF 1.0 section 3)."""
    if not isinstance(sub_id, dict):
        return None, None
    if sub_id.get("format") != "complex":
        is_ours = sub_id.get("format") == "iss_sub" and sub_id.get("iss") == issuer
        return (_text(sub_id.get("sub")) if is_ours else None), None
    user, _ = user_and_session(sub_id.get("user"), issuer)
    if user is None and "user" in sub_id:
        # The session of another issuer's user, or of a user whom this identifier does not identify here.
        return None, None
    session = sub_id.get("session")
    session_id = isinstance(session, dict) and session.get("format") == "opaque" and session.get("id")
    return user, _text(session_id)


def _text(value: Any) -> str | None:
    """Raises InvalidToken for a text that no table can hold."""
    if not isinstance(value, str):
        return None
    if len(value) > MAX_NAME_CHARACTERS or "\x00" in value:
        raise InvalidToken(f"an id or a role is longer than {MAX_NAME_CHARACTERS} characters, or has the character NUL")
    return value


def _count(value: Any) -> int | None:
    """A member of our own, which another issuer may use for something else. No change is counted as 0, which would
    revoke nothing."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_COUNT
    return value if is_count else None
