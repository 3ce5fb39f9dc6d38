"""An account: a user with their roles; and its deletion."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from identity_service.obedience.models import Act
from identity_service.roles.models import RolesAndPermissions
from identity_service.sessions.values import AccountUse
from identity_service.user_agents import DeviceName, device_name
from identity_service.users.models import User


@dataclass(frozen=True, slots=True)
class Account:
    user: User
    roles: RolesAndPermissions


class AccessChange(NamedTuple):
    """The roles that an account is to have and no others, and whether it is to be active; None for what stays."""

    roles: Sequence[str] | None = None
    active: bool | None = None


class ChangedAccount(NamedTuple):
    """An account after a change, and what that has put into streams; None if there was nothing to change."""

    account: Account
    act: Act | None


class AccountInUse(NamedTuple):
    """An account, and what its live sessions tell of how it is used."""

    account: Account
    use: AccountUse


class DeletedAccount(NamedTuple):
    """The receipt with which the erasure can be watched, and what the deletion has put into streams; None if the
    account had been deleted before."""

    receipt: UUID
    act: Act | None


@dataclass(frozen=True, slots=True)
class SignedInDevice:
    """Where somebody is signed in: a sign-on of a browser, with the clients that have sessions of it, or the session of
    a client without one."""

    id: UUID
    is_browser: bool
    client_ids: Sequence[str]
    device: str | None
    address: str | None
    created_at: datetime
    last_seen_at: datetime
    is_current: bool

    @property
    def name(self) -> DeviceName:
        return device_name(self.device)
