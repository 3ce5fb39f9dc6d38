"""A verified caller."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from watchword.auth.errors import NotPermitted
from watchword.ids import parse_uuid


class Principal(NamedTuple):
    """A verified caller, as an access token describes it (RFC 9068). Times are aware, in UTC.

    `subject` is a user's id. If a service calls on its own behalf, it is the client's id, and `session_id` is None.
    `version` counts the changes to what tokens say of this user (`ver`), `role_version` those to what roles may do at
    this issuer (`rver`); a token without them counts as 0. `key_id` is the `kid` of the key that signed the token.

    `authenticated_at` is when the person last proved who they are (`auth_time`), `acr` how strongly (`pwd`, `mfa` or
    `phr`), and `amr` by which methods (RFC 8176). They are None and empty in a token that does not say it.
    """

    subject: str
    client_id: str
    token_id: str
    issued_at: datetime
    expires_at: datetime
    session_id: str | None
    username: str | None
    scopes: frozenset[str]
    roles: frozenset[str]
    permissions: frozenset[str]
    version: int = 0
    role_version: int = 0
    key_id: str = ""
    authenticated_at: datetime | None = None
    acr: str | None = None
    amr: frozenset[str] = frozenset()

    def may(self, permission: str) -> bool:
        """Whether one of the caller's roles has this permission."""
        return permission in self.permissions

    def has_role(self, role: str) -> bool:
        return role in self.roles

    def person_id(self) -> UUID:
        """The user's id. Raises NotPermitted for a service that calls on its own behalf."""
        if self.session_id is None:
            raise NotPermitted("the token is a client's own and names no user")
        return _uuid(self.subject, "sub")

    def find_person_id(self) -> UUID | None:
        """The user's id, None if the caller is none: a service, or a user of an issuer whose ids are no UUIDs."""
        return None if self.session_id is None else parse_uuid(self.subject)

    def own_session_id(self) -> UUID:
        """The id of the session that the token belongs to. Raises NotPermitted for a service on its own behalf."""
        return _uuid(self.session_id, "sid")


def instant(seconds: float) -> datetime:
    """The aware datetime of a NumericDate (RFC 7519 section 2), rounded down to a microsecond.

    Rounded down, it is before a whole second exactly if the number is, and revocations are whole seconds.
    """
    whole = datetime.fromtimestamp(seconds // 1, UTC)
    # Most issuers write whole seconds.
    return whole.replace(microsecond=int(fraction * 1_000_000)) if (fraction := seconds % 1) else whole


# Tokens that are issued in the same second share it. Tokens that live for 15 minutes name about 1,800 seconds: 900 in
# which they were issued, and 900 in which they expire.
shared_instant: Final = lru_cache(maxsize=2_048)(instant)
"""What `instant` returns, remembered for times that many tokens have in common."""


def _uuid(text: str | None, claim: str) -> UUID:
    value = parse_uuid(text)
    if value is None:
        raise NotPermitted(f"{claim} is no UUID in canonical form")
    return value
