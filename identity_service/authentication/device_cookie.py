"""The cookie by which a browser is known in which people have signed in before.

It signs nobody in. What others do to an account does not hold up a browser that the account has signed in with (OWASP,
"Slow Down Online Guessing Attacks with Device Cookies"), and a sign-in in another one is announced by a letter.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Request, Response

from identity_service.authentication.host_cookie import cookies
from identity_service.authentication.known_devices import LIFETIME, KnownDevice, KnownDevices
from identity_service.loopback import is_loopback

NAME: Final = "watchword_device"


@dataclass(frozen=True, slots=True)
class DeviceCookie:
    """`secure` is False only for http on this machine."""

    name: str
    secure: bool
    devices: KnownDevices

    @classmethod
    def of(cls, issuer: str, devices: KnownDevices) -> "DeviceCookie":
        own = urlsplit(issuer)
        is_local = own.scheme == "http" and is_loopback(own.hostname)
        # As the cookie of the refresh token: no other host can set it, and ports of this machine do not share it.
        name = f"{NAME}_{own.port or 80}" if is_local else f"__Host-{NAME}"
        return cls(name, not is_local, devices)

    def read(self, request: Request) -> KnownDevice | None:
        """The device; None if the browser sends no valid cookie, or two, of which one is somebody else's."""
        values = [value for name, value in cookies(request) if name == self.name]
        return self.devices.read(values[0]) if len(values) == 1 else None

    def set(self, response: Response, device: KnownDevice | None, user_id: UUID, logins: Iterable[str]) -> None:
        """Let the browser, which may be a device already, be known to this user, whose logins these are."""
        value = self.devices.write(device, user_id, logins)
        seconds = int(LIFETIME.total_seconds())
        response.set_cookie(
            self.name, value, max_age=seconds, path="/", httponly=True, secure=self.secure, samesite="lax"
        )
