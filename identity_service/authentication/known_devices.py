"""Browsers in which people have signed in before, as the cookie of such a browser says."""

import json
import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from identity_service.keys.digests import Digests
from identity_service.keys.key_encryption import Kind, Seal
from identity_service.keys.sealing import CannotUnseal, Sealer
from identity_service.users import repository as users
from identity_service.users.normal_form import without_case
from watchword.clock import Clock

LIFETIME: Final = timedelta(days=365)
MOST_ACCOUNTS: Final = 5
MAX_CHARACTERS: Final = 2_048
"""The longest text that is read. Five accounts take about 600 characters."""

_LABEL: Final = "device cookie"
_SEAL: Final = Seal(Kind.DEVICE_COOKIE, _LABEL)
_DIGEST_BYTES: Final = 12


class KnownAccount(NamedTuple):
    """An account that has signed in on a device: keyed digests of its id and of its logins."""

    user: str
    logins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A browser in which accounts have signed in, the latest last. It proves nothing about who uses it now."""

    id: str
    accounts: tuple[KnownAccount, ...]
    digest: Callable[[str], str]

    def has_account(self, user_id: UUID) -> bool:
        """Whether this user has signed in on the device."""
        user = self.digest(str(user_id))
        return any(account.user == user for account in self.accounts)

    def has_login(self, login: str) -> bool:
        """Whether somebody has signed in on the device with this username or e-mail address, in its normal form."""
        name = self.digest(without_case(login))
        return any(name in account.logins for account in self.accounts)


class KnownDevices:
    """Reads and writes the text of a device's cookie, which only this installation can: it is sealed."""

    def __init__(self, sealer: Sealer, digests: Digests, clock: Clock) -> None:
        self._sealer = sealer
        self._digests = digests
        self._clock = clock

    def read(self, text: str) -> KnownDevice | None:
        """The device; None for a text that is not ours, is damaged, too long or has expired."""
        if not text or "=" in text or len(text) > MAX_CHARACTERS:
            return None
        try:
            sealed = b64decode(f"{text}{'=' * (-len(text) % 4)}", altchars=b"-_", validate=True)
            content = json.loads(self._sealer.unseal_text(_SEAL, sealed))
        except (CannotUnseal, ValueError):
            return None
        if content["until"] <= self._clock.now().timestamp():
            return None
        accounts = tuple(KnownAccount(user, tuple(logins)) for user, *logins in content["accounts"])
        return KnownDevice(content["id"], accounts, self._digest)

    def write(self, device: KnownDevice | None, user_id: UUID, logins: Iterable[str]) -> str:
        """The text for the cookie of a device on which this user, who has these logins, has signed in now. `device` is
        what its cookie said before; None if it had no valid one."""
        user = self._digest(str(user_id))
        names = {self._digest(without_case(users.by_login(login)[1])) for login in logins}
        others = [account for account in device.accounts if account.user != user] if device else []
        accounts = [*others, KnownAccount(user, tuple(sorted(names)))][-MOST_ACCOUNTS:]
        content: dict[str, Any] = {
            "id": device.id if device else secrets.token_urlsafe(12),
            "until": int((self._clock.now() + LIFETIME).timestamp()),
            "accounts": [[account.user, *account.logins] for account in accounts],
        }
        # Without padding: in a cookie, a value with an equals sign is put in quotes, and comes back with them.
        return urlsafe_b64encode(self._sealer.seal_text(_SEAL, json.dumps(content))).decode().rstrip("=")

    def _digest(self, text: str) -> str:
        return urlsafe_b64encode(self._digests.of(_LABEL, text)[:_DIGEST_BYTES]).decode()
