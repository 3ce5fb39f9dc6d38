"""An account: a user with their roles."""

from dataclasses import dataclass

from identity_service.roles.models import RolesAndPermissions
from identity_service.users.models import User


@dataclass(frozen=True, slots=True)
class Account:
    user: User
    roles: RolesAndPermissions
