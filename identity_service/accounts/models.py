"""An account: a user with their roles; and its deletion."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from identity_service.obedience.models import Act
from identity_service.roles.models import RolesAndPermissions
from identity_service.users.models import User


@dataclass(frozen=True, slots=True)
class Account:
    user: User
    roles: RolesAndPermissions


class DeletedAccount(NamedTuple):
    """The receipt with which the erasure can be watched, and what the deletion has put into streams; None if the
    account had been deleted before."""

    receipt: UUID
    act: Act | None
