"""Revocations: sessions and subjects whose tokens are refused although their signatures are valid.

They are kept in memory, bounded by how long a token can live: tokens that were revoked longer ago have expired.
"""

from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from watchword.auth.background import Background
from watchword.auth.jws import LEEWAY_SECONDS
from watchword.auth.principal import Principal

FOR_EVER: Final = 2**53
"""A `valid_from` later than any `iat`, so that every token of the session or subject is refused."""


class Kind(StrEnum):
    SESSION = "session"
    CLAIMS = "claims"
    DISABLED = "disabled"
    PURGED = "purged"


class Revocation(NamedTuple):
    """`key` is a session's id, or for the other kinds a subject; tokens with an `iat` before `valid_from` are refused,
    `until` all of them have expired. Times are seconds since 1970, as in a token (RFC 7519 section 2)."""

    kind: str
    key: str
    valid_from: int
    until: float


class Revocations:
    """The revocations of one process. `memory_seconds` is the longest life of a token that is accepted at all."""

    def __init__(self, memory_seconds: float) -> None:
        self.memory_seconds = memory_seconds
        self.leeway_seconds: float = LEEWAY_SECONDS
        """The largest leeway of the verifiers that ask."""
        self._sessions: dict[str, float] = {}
        self._subjects: dict[str, dict[str, Revocation]] = {}
        self._next_cleanup = 0.0

    def keep_seconds(self) -> float:
        """For how long a revocation is needed: until the last token is refused that was issued before it, by an issuer
        whose clock is ahead, and that is accepted a little after its end."""
        return self.memory_seconds + 2 * self.leeway_seconds

    def __len__(self) -> int:
        return len(self._sessions) + len(self._subjects)

    def refuses(self, principal: Principal) -> bool:
        if principal.session_id in self._sessions:
            return True
        by_kind = self._subjects.get(principal.subject)
        if by_kind is None:
            return False
        issued_at = principal.issued_at.timestamp()
        return any(issued_at < revocation.valid_from for revocation in by_kind.values())

    def add(self, revocation: Revocation, now: float) -> None:
        """Refuse from now on. Revocations that have expired at `now` (seconds since 1970) are deleted now and then."""
        if revocation.kind == Kind.SESSION:
            self._sessions[revocation.key] = revocation.until
        else:
            by_kind = self._subjects.setdefault(revocation.key, {})
            previous = by_kind.get(revocation.kind)
            # Revocations can arrive out of order; the latest `valid_from` holds.
            if previous is None or previous.valid_from <= revocation.valid_from:
                by_kind[revocation.kind] = revocation
        if now >= self._next_cleanup:
            self._next_cleanup = now + self.memory_seconds / 10
            self._delete_expired(now)

    def remove(self, kind: str, key: str) -> None:
        """Delete one revocation of a subject. Others of the same subject stay."""
        by_kind = self._subjects.get(key, {})
        by_kind.pop(kind, None)
        if not by_kind:
            self._subjects.pop(key, None)

    def replace(self, revocations: list[Revocation], now: float) -> None:
        """Hold exactly these from now on, in one step: no request sees half of them."""
        fresh = Revocations(self.memory_seconds)
        for revocation in revocations:
            fresh.add(revocation, now)
        self._sessions, self._subjects = fresh._sessions, fresh._subjects

    def _delete_expired(self, now: float) -> None:
        self._sessions = {key: until for key, until in self._sessions.items() if until > now}
        for key in list(self._subjects):
            by_kind = {kind: held for kind, held in self._subjects[key].items() if held.until > now}
            if by_kind:
                self._subjects[key] = by_kind
            else:
                del self._subjects[key]


class RevocationSource(Background, Protocol):
    """Where a verifier learns what is revoked: the receiver of the issuer's security events."""

    @property
    def revocations(self) -> Revocations:
        """Every revocation that is known to this process."""

    def ensure_in_contact(self, is_write: bool) -> None:
        """Raise Unavailable if a request of this kind must wait until the issuer answers again."""
