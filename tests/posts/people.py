"""People who call the posts service."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from watchword.testing import Issuer

WRITE = "posts:write"


@dataclass
class Person:
    """A person with an account. `headers` carry a token of this person that may write."""

    issuer: Issuer
    username: str
    permissions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    id: str = field(default_factory=lambda: str(uuid4()))
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.headers = self.bearer()

    def bearer(self, **options: Any) -> dict[str, str]:
        """The header fields with another token; the arguments are those of `Issuer.mint`."""
        usual = {
            "scope": WRITE,
            "username": self.username,
            "permissions": self.permissions,
            "roles": self.roles,
        }
        return self.issuer.bearer(self.id, **{**usual, **options})
