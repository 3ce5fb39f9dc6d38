"""What is refused although it was signed: sessions that ended, subjects whose older tokens say what is no longer so.

Kept in memory, bounded by how long a token can live: what was revoked longer ago has expired by itself.
"""

from enum import StrEnum
from typing import NamedTuple

from watchword.auth.principal import Principal

FOR_EVER = 2**53
"""As `valid_from`: every token of the subject, whenever it was issued."""


class Kind(StrEnum):
    SESSION = "session"
    CLAIMS = "claims"
    DISABLED = "disabled"
    PURGED = "purged"


class Revocation(NamedTuple):
    """`key` is a session's id, or for the other kinds a subject; tokens with an `iat` before `valid_from` are refused.
    Times are seconds since 1970."""

    kind: str
    key: str
    valid_from: int
    expires_at: float


class Revocations:
    """The revocations of one process. `memory_seconds` is the longest life of a token that is accepted at all."""

    def __init__(self, memory_seconds: float) -> None:
        self.memory_seconds = memory_seconds
        self._sessions: dict[str, float] = {}
        self._subjects: dict[str, dict[str, Revocation]] = {}
        self._forget_at = 0.0

    def __len__(self) -> int:
        return len(self._sessions) + len(self._subjects)

    def refuses(self, principal: Principal) -> bool:
        if principal.session_id in self._sessions:
            return True
        found = self._subjects.get(principal.subject)
        return found is not None and any(principal.issued_at < one.valid_from for one in found.values())

    def add(self, revocation: Revocation, now: float) -> None:
        """Refuse from now on; what has expired is forgotten on the way, now and then."""
        if revocation.kind == Kind.SESSION:
            self._sessions[revocation.key] = revocation.expires_at
        else:
            kinds = self._subjects.setdefault(revocation.key, {})
            known = kinds.get(revocation.kind)
            # Told out of order, what was said last still holds.
            if known is None or known.valid_from <= revocation.valid_from:
                kinds[revocation.kind] = revocation
        if now >= self._forget_at:
            self._forget_at = now + self.memory_seconds / 10
            self._forget(now)

    def remove(self, kind: str, key: str) -> None:
        """Accept again what this alone refused."""
        kinds = self._subjects.get(key, {})
        kinds.pop(kind, None)
        if not kinds:
            self._subjects.pop(key, None)

    def replace(self, revocations: list[Revocation], now: float) -> None:
        """Exactly these from now on."""
        fresh = Revocations(self.memory_seconds)
        for revocation in revocations:
            fresh.add(revocation, now)
        self._sessions, self._subjects = fresh._sessions, fresh._subjects

    def _forget(self, now: float) -> None:
        self._sessions = {key: until for key, until in self._sessions.items() if until > now}
        for key in list(self._subjects):
            kinds = {kind: one for kind, one in self._subjects[key].items() if one.expires_at > now}
            if kinds:
                self._subjects[key] = kinds
            else:
                del self._subjects[key]
