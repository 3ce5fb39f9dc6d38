"""A role as administrators see and write it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from identity_service.roles.errors import RoleTooLarge

MAX_PERMISSION_CHARACTERS: Final = 4_096
"""Half of what a token may have: more would leave no room for another role of the same person."""


@dataclass(frozen=True, slots=True)
class RoleView:
    """A role, with its permissions in alphabetical order."""

    name: str
    description: str
    permissions: Sequence[str]

    def as_members(self) -> dict[str, Any]:
        return {"description": self.description, "permissions": list(self.permissions)}


@dataclass(frozen=True, slots=True)
class RoleContent:
    """What a role is to have; None leaves what it has."""

    description: str | None
    permissions: Sequence[str] | None

    def ensure_small(self) -> None:
        """Raise RoleTooLarge if tokens could not carry the permissions."""
        if sum(map(len, set(self.permissions or ()))) > MAX_PERMISSION_CHARACTERS:
            raise RoleTooLarge


Expectation: TypeAlias = Callable[[RoleView], None]
"""Raises PreconditionFailed if the role is not as the caller has read it."""


def whatever(_: RoleView) -> None:
    """Expect nothing of a role."""
