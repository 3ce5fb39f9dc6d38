"""What is refused about roles, and about who administers."""

from collections.abc import Collection, Sequence
from typing import Self

from watchword.errors import Conflict, Fault, Faulty, Invalid, NotFound


class RoleNotFound(NotFound):
    code = "role_not_found"
    detail = "There is no such role."


class RoleUnknown(Invalid):
    """An account was to get a role that does not exist."""

    code = "role_unknown"
    detail = "There is no such role."
    pointer = "/body/roles"


class RoleNeeded(Conflict):
    """This service gives the role by itself, so it cannot be deleted."""

    code = "role_needed"
    detail = "This role cannot be deleted."


class LastAdministrator(Conflict):
    """Without an administrator, only a command on the machine could make one."""

    code = "last_administrator"
    detail = "Nobody else is an administrator. Make another one first."


class RoleExists(Conflict):
    code = "role_exists"
    detail = "There is a role with this name already."


class PermissionUnknown(Faulty):
    """No service reads a permission, so giving it to a role would have no effect."""

    code = "permission_unknown"
    detail = "There is no such permission."
    pointer = "/body/permissions/0"

    @classmethod
    def among(cls, permissions: Sequence[str], unknown: Collection[str]) -> Self:
        """The refusal of these permissions, of which some are unknown."""
        faults = [
            Fault(f"/body/permissions/{index}", cls.code, f"There is no permission {permission}.")
            for index, permission in enumerate(permissions)
            if permission in unknown
        ]
        return cls(faults, f"there is no permission {', '.join(sorted(unknown))}")


class RoleTooLarge(Invalid):
    """Every token of a person with the role carries its permissions, and services accept tokens of limited size."""

    code = "role_too_large"
    detail = "The permissions of a role have at most 4,096 characters together, since every token carries them."
    pointer = "/body/permissions"
