"""Accounts that cannot be used, whatever their owners prove."""

from datetime import datetime
from typing import Final

from identity_service.errors import AccountDisabled, AddressUnverified, InitialPasswordExpired, InvalidCredentials
from identity_service.refused_sign_ins.models import Reason
from identity_service.users.models import SignInUser, User

REASONS: Final = {
    InvalidCredentials: Reason.CREDENTIALS,
    AccountDisabled: Reason.DISABLED,
    AddressUnverified: Reason.UNVERIFIED,
    InitialPasswordExpired: Reason.INITIAL_EXPIRED,
}
"""How each refusal is recorded."""


def refusal_of(user: SignInUser | User, now: datetime) -> InvalidCredentials | None:
    """Why even the right password or passkey of this user is refused, or None. The answers to all refusals are
    equal."""
    if not user.is_active:
        return AccountDisabled("the account is disabled")
    if user.awaits_verification:
        return AddressUnverified("the account awaits the verification of its address")
    if user.initial_password_expires_at is not None and user.initial_password_expires_at <= now:
        return InitialPasswordExpired("the initial password of the account was not changed in time")
    return None
