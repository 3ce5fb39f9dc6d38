"""A verified caller: what a good access token says, and nothing that has to be asked of anyone."""

import contextlib
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from watchword.auth.errors import NotPermitted


class Principal(NamedTuple):
    """`subject` is a user's id, or the client's own id where a service speaks for itself (RFC 9068 section 2.2)."""

    subject: str
    client_id: str
    token_id: str
    issued_at: float
    expires_at: float
    session_id: str | None
    username: str | None
    scopes: frozenset[str]
    roles: frozenset[str]
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        """May do this to what is not theirs."""
        return permission in self.permissions

    def has_role(self, role: str) -> bool:
        return role in self.roles

    def person_id(self) -> UUID:
        """The user's id. A service that speaks for itself has none and owns nothing: NotPermitted."""
        if self.session_id is None:
            raise NotPermitted("a client without a person behind it")
        return _uuid(self.subject)

    def own_session_id(self) -> UUID:
        """The session that the token came from. A service that speaks for itself has none: NotPermitted."""
        return _uuid(self.session_id)

    @property
    def issued(self) -> datetime:
        return datetime.fromtimestamp(self.issued_at, UTC)


def _uuid(value: str | None) -> UUID:
    """Only as a UUID is usually written: who compares texts and who compares ids must mean the same person."""
    with contextlib.suppress(ValueError, TypeError):
        found = UUID(value)
        if str(found) == value:
            return found
    raise NotPermitted("no person stands behind this token")
