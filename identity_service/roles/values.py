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
    requires_second_factor: bool

    def as_members(self) -> dict[str, Any]:
        return {
            "description": self.description,
            "permissions": list(self.permissions),
            "requires_second_factor": self.requires_second_factor,
        }


@dataclass(frozen=True, slots=True)
class RoleContent:
    """What a role is to have; None leaves what it has."""

    description: str | None
    permissions: Sequence[str] | None
    requires_second_factor: bool | None = None

    def ensure_small(self) -> None:
        """Raise RoleTooLarge if tokens could not carry the permissions."""
        if sum(map(len, set(self.permissions or ()))) > MAX_PERMISSION_CHARACTERS:
            raise RoleTooLarge

    def applied_to(self, role: RoleView) -> RoleView:
        """The role as it is to be."""
        requires = self.requires_second_factor
        return RoleView(
            role.name,
            role.description if self.description is None else self.description,
            role.permissions if self.permissions is None else sorted(set(self.permissions)),
            role.requires_second_factor if requires is None else requires,
        )


Expectation: TypeAlias = Callable[[RoleView], None]
"""Raises PreconditionFailed if the role is not as the caller has read it."""


def whatever(_: RoleView) -> None:
    """Expect nothing of a role."""
