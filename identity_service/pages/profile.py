"""An account, as its owner sees it on a page."""

from typing import NamedTuple, Self

from identity_service.accounts.models import Account
from identity_service.roles.permissions import ADMINISTER


class Profile(NamedTuple):
    """What a page says of an account. `roles` are separated by commas; `administers` is whether they let the person
    into the administration."""

    username: str
    email: str
    is_verified: bool
    roles: str
    has_breached_password: bool = False
    administers: bool = False

    @classmethod
    def of(cls, account: Account) -> Self:
        user = account.user
        return cls(
            user.username,
            user.email,
            user.email_verified_at is not None,
            ", ".join(account.roles.roles),
            user.password_breached_at is not None,
            ADMINISTER in account.roles.permissions,
        )
