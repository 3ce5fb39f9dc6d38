"""Revocations: sessions, subjects, roles and keys whose tokens are refused although their signatures are valid.

They are kept in memory, bounded by how long a token can live: tokens that were revoked longer ago have expired.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import ClassVar, Final, NamedTuple, Protocol, runtime_checkable

from watchword.arguments import ensure_seconds
from watchword.auth.assurance import LEVELS, weakest
from watchword.auth.background import Background
from watchword.auth.jws import LEEWAY_SECONDS
from watchword.auth.principal import Principal
from watchword.errors import AppError

FOR_EVER: Final = 2**53
"""A `valid_from` later than any `iat`, so that every token of the session or subject is refused."""


class Kind(StrEnum):
    SESSION = "session"
    CLAIMS = "claims"
    VERSION = "version"
    SIGNED_OUT = "signed out"
    DISABLED = "disabled"
    PURGED = "purged"
    ROLE = "role"
    KEY = "key"
    AT_MOST_MFA = "at most mfa"
    AT_MOST_PWD = "at most pwd"  # noqa: S105 - a level of assurance
    WEAKEST = "weakest"


LEVEL_OF: Final[dict[str, str]] = {Kind.AT_MOST_MFA: "mfa", Kind.AT_MOST_PWD: "pwd", Kind.WEAKEST: LEVELS[0]}
"""The level for which tokens count at most that a revocation of one of these kinds is about. They stay valid.

A process of a release that does not know these kinds refuses the tokens altogether, as it does for any other kind.
"""


class Revocation(NamedTuple):
    """What is refused, until all of its tokens have expired at `until` (seconds since 1970, as in a token).

    `key` is a session's id, a role, the `kid` of a signing key or, for the other kinds, a subject. If the issuer counts
    its changes, `version` alone decides: tokens with a smaller one are refused, except those of the session
    `except_sid`. Otherwise tokens are refused whose `iat` is before `valid_from`. An account is closed or it is not: of
    the kind DISABLED every token is refused, and none if `valid_from` is 0, which says that it was enabled again.

    Of a kind in `LEVEL_OF`, the tokens that it is about are not refused, and count as weaker than they say.
    """

    kind: str
    key: str
    valid_from: int
    until: float
    version: int | None = None
    except_sid: str | None = None

    def concerns(self, principal: Principal) -> bool:
        """Whether it is about this token of the subject that is its key."""
        if self.version is None or self.kind == Kind.DISABLED:
            return principal.issued_at.timestamp() < self.valid_from
        return principal.version < self.version and (self.except_sid is None or principal.session_id != self.except_sid)

    def replaces(self, previous: "Revocation") -> bool:
        """Whether it is the later of two of one kind and key, which can arrive out of order.

        An account that is disabled and enabled without versions is as the last to arrive says.
        """
        if self.kind == Kind.DISABLED:
            return self.version is None or previous.version is None or previous.version <= self.version
        return (previous.version or 0, previous.valid_from) <= (self.version or 0, self.valid_from)


Watcher = Callable[[Revocation | None], None]
"""Called after a change: with the revocation that was added, or None if any could be new."""


class Revocations:
    """The revocations of one process. `memory_seconds` is the longest life of a token that is accepted at all."""

    def __init__(self, memory_seconds: float) -> None:
        self.memory_seconds = ensure_seconds("memory_seconds", memory_seconds)
        self.leeway_seconds: float = LEEWAY_SECONDS
        """The largest leeway of the verifiers that ask."""
        self.edition = object()
        """Each change that can refuse more tokens puts another object here. A principal that `refuses` was false for is
        not refused as long as this is the same object."""
        self._sessions: dict[str, float] = {}
        self._roles: dict[str, Revocation] = {}
        self._keys: dict[str, float] = {}
        self._subjects: dict[str, dict[str, Revocation]] = {}
        self._levels: dict[str, dict[str, Revocation]] = {}
        self._next_cleanup = 0.0
        self._watchers: list[Watcher] = []

    def keep_seconds(self) -> float:
        """How long a revocation must be kept: as long as a token is valid, and twice the leeway, because the issuer's
        clock may be ahead, and because a token is accepted a little after it expires."""
        return self.memory_seconds + 2 * self.leeway_seconds

    def __len__(self) -> int:
        by_key = len(self._subjects) + len(self._levels)
        return len(self._sessions) + len(self._roles) + len(self._keys) + by_key

    def refuses(self, principal: Principal) -> bool:
        if principal.session_id in self._sessions:
            return True
        if self._keys and principal.key_id in self._keys:
            return True
        if self._roles and self._refuses_roles(principal):
            return True
        by_kind = self._subjects.get(principal.subject)
        return by_kind is not None and any(revocation.concerns(principal) for revocation in by_kind.values())

    def level_of(self, principal: Principal) -> str | None:
        """How strongly this caller counts as authenticated: as the `acr` of the token says, or less if the issuer has
        lowered it since. An `acr` that is no level stays as it is."""
        acr = principal.acr
        if not self._levels or acr not in LEVELS:
            return acr
        # An issuer may name a session and no subject.
        by_kind = (self._levels.get(key, {}) for key in (principal.subject, principal.session_id) if key is not None)
        lowered = (one for held in by_kind for one in held.values() if one.concerns(principal))
        return weakest((acr, *(LEVEL_OF[one.kind] for one in lowered)))

    def refuses_key(self, key_id: str) -> bool:
        """Whether this signing key has been withdrawn, whatever a JWKS says."""
        return key_id in self._keys

    def add(self, revocation: Revocation, now: float) -> None:
        """Refuse from now on. Revocations that have expired at `now` (seconds since 1970) are deleted now and then."""
        if revocation.kind == Kind.SESSION:
            self._sessions[revocation.key] = revocation.until
        elif revocation.kind == Kind.ROLE:
            _add_latest(self._roles, revocation.key, revocation)
        elif revocation.kind == Kind.KEY:
            self._keys[revocation.key] = max(revocation.until, self._keys.get(revocation.key, 0.0))
        else:
            by_key = self._levels if revocation.kind in LEVEL_OF else self._subjects
            _add_latest(by_key.setdefault(revocation.key, {}), revocation.kind, revocation)
        if now >= self._next_cleanup:
            self._next_cleanup = now + self.memory_seconds / 10
            self._delete_expired(now)
        self._note_change(revocation)

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher` after each change that can refuse more tokens. Returns the function that ends this."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def replace(self, replacement: "Revocations") -> None:
        """Hold exactly what the replacement does, in one step: no request sees half of it. The replacement is not to be
        used after that."""
        self._sessions, self._subjects = replacement._sessions, replacement._subjects
        self._roles, self._keys, self._levels = replacement._roles, replacement._keys, replacement._levels
        self._note_change(None)

    def _note_change(self, revocation: Revocation | None) -> None:
        self.edition = object()
        for watcher in tuple(self._watchers):
            watcher(revocation)

    def _refuses_roles(self, principal: Principal) -> bool:
        """Whether a role in the token has changed since it was issued, so that its permissions are out of date."""
        changed = (self._roles.get(role) for role in principal.roles)
        return any(role is not None and principal.role_version < (role.version or 0) for role in changed)

    def _delete_expired(self, now: float) -> None:
        self._sessions = {key: until for key, until in self._sessions.items() if until > now}
        self._keys = {key: until for key, until in self._keys.items() if until > now}
        self._roles = {role: held for role, held in self._roles.items() if held.until > now}
        for by_key in (self._subjects, self._levels):
            for key in list(by_key):
                by_kind = {kind: held for kind, held in by_key[key].items() if held.until > now}
                if by_kind:
                    by_key[key] = by_kind
                else:
                    del by_key[key]


def _add_latest(held: dict[str, Revocation], key: str, revocation: Revocation) -> None:
    previous = held.get(key)
    if previous is None or revocation.replaces(previous):
        held[key] = revocation


class RevocationSource(Background, Protocol):
    """Where a verifier learns what is revoked: the receiver of the issuer's security events."""

    @property
    def revocations(self) -> Revocations:
        """Every revocation that is known to this process."""

    def ensure_in_contact(self, is_write: bool) -> None:
        """Raise Unavailable if a request of this kind must wait until the issuer answers again."""


@runtime_checkable
class RefusingSource(Protocol):
    """A source of revocations that says with which errors it can refuse a guarded request, for the OpenAPI document."""

    further_refusals: ClassVar[tuple[type[AppError], ...]]


@runtime_checkable
class LeasedSource(Protocol):
    """A source of revocations that is valid only for a while: after that it must catch up before its revocations are
    relied on. A source without these methods is always current."""

    def is_current(self) -> bool:
        """Whether `revocations` may be relied on now. Every guarded request asks."""

    async def catch_up(self) -> None:
        """Return when they may. Raises Unavailable if that cannot be."""


@runtime_checkable
class ContactSource(Protocol):
    """A source of revocations that knows when the issuer was last heard."""

    def heard_within(self, seconds: float) -> bool:
        """Whether the issuer has been heard within so many seconds."""
