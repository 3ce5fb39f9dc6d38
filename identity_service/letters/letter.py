"""What a letter says, and to whom."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class LetterKind(StrEnum):
    VERIFY_ADDRESS = "verify_address"
    ADDRESS_TAKEN = "address_taken"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - no password
    CONFIRM_NEW_ADDRESS = "confirm_new_address"
    ADDRESS_CHANGED = "address_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - no password
    NEW_DEVICE = "new_device"
    DEVICE_CONNECTED = "device_connected"
    BREACHED_PASSWORD = "breached_password"  # noqa: S105 - no password
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    FACTOR_REPLACED = "factor_replaced"
    FACTORS_RESET = "factors_reset"
    FACTORS_WITHDRAWN = "factors_withdrawn"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    PASSKEY_REFUSED = "passkey_refused"
    SECOND_FACTOR_FAILED = "second_factor_failed"


PATHS = {
    LetterKind.VERIFY_ADDRESS: "/verify-email/",
    LetterKind.ADDRESS_TAKEN: "/forgot-password",
    LetterKind.RESET_PASSWORD: "/reset-password/",
    LetterKind.CONFIRM_NEW_ADDRESS: "/confirm-address/",
    LetterKind.ADDRESS_CHANGED: "/undo-address/",
    LetterKind.PASSWORD_CHANGED: "/security-notice/",
    LetterKind.NEW_DEVICE: "/security-notice/",
    LetterKind.DEVICE_CONNECTED: "/security-notice/",
    LetterKind.BREACHED_PASSWORD: "/account/password",
    LetterKind.FACTOR_ADDED: "/security-notice/",
    LetterKind.FACTOR_REMOVED: "/security-notice/",
    LetterKind.FACTOR_REPLACED: "/security-notice/",
    LetterKind.FACTORS_RESET: "/security-notice/",
    LetterKind.FACTORS_WITHDRAWN: "/security-notice/",
    LetterKind.RECOVERY_CODES_MADE: "/security-notice/",
    LetterKind.RECOVERY_CODE_USED: "/security-notice/",
    LetterKind.PASSKEY_REFUSED: "/security-notice/",
    LetterKind.SECOND_FACTOR_FAILED: "/account/password",
}
"""The page that the one link of each kind opens. A path that ends in a slash is followed by the link's token."""


def has_token(kind: LetterKind) -> bool:
    """Whether the link of a letter of this kind has a token, and so an end."""
    return PATHS[kind].endswith("/")


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Letter:
    """A letter to the user with this id; None writes a job that sends nothing, so that both cases cost the same.

    It goes to `to`, the address that the account had when the letter was caused: who takes an account over, and changes
    its address before the letter is sent, must not get it. Only letters of the previous release are without it. `token`
    opens the link, until `expires_at`; a letter whose link has expired by then is not sent. `device` is how NEW_DEVICE
    and DEVICE_CONNECTED name the device, and `application` how DEVICE_CONNECTED names the client. `passkey` is the name
    of the passkey that FACTOR_ADDED, FACTOR_REMOVED and PASSKEY_REFUSED are about; the first two are about the
    authenticator app if it is empty.
    """

    kind: LetterKind
    user_id: UUID | None
    to: str | None = None
    token: str | None = None
    expires_at: datetime | None = None
    device: str = ""
    application: str = ""
    passkey: str = ""
