"""What is refused about passkeys."""

from typing import Self

from identity_service.factors.models import Passkey
from watchword.errors import Conflict, Forbidden, NotFound


class PasskeyRefused(Forbidden):
    """The answer of an authenticator is malformed, belongs to another place, time, purpose or person, was given before,
    or proves nothing. All look alike outside."""

    code = "passkey_refused"
    detail = "The passkey could not be verified. Try again."


class PasskeyCopied(PasskeyRefused):
    """The signature counter of this passkey went back: there may be a copy of its key. Whoever catches it inside the
    transaction leaves a record of it."""

    def __init__(self, passkey: Passkey, shown: int) -> None:
        super().__init__(f"the counter went back: {shown} after {passkey.sign_count}")
        self.passkey = passkey

    @classmethod
    def example(cls) -> Self:
        return cls(Passkey(name="a key", sign_count=2), 1)


class PasskeysUnavailable(Conflict):
    """Passkeys belong to a host name, and people reach this installation by an IP address."""

    code = "passkeys_unavailable"
    detail = "There are no passkeys here: they need a host name, and the address of this service is an IP address."


class TooManyPasskeys(Conflict):
    code = "too_many_passkeys"
    detail = "An account may have 20 passkeys. Remove one that you do not use."


class PasskeyNotFound(NotFound):
    code = "passkey_not_found"
    detail = "You have no such passkey."
