"""The device cookie, by which a browser is recognized in which people have signed in before.

It signs nobody in. What others do to an account does not hold up a browser in which its owner has signed in (OWASP,
"Slow Down Online Guessing Attacks with Device Cookies"), and a letter tells of a sign-in in another browser.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fastapi import Request, Response

from identity_service.authentication.known_devices import LIFETIME, KnownDevice, KnownDevices
from watchword.http.host_cookie import HostCookie

NAME: Final = "watchword_device"


@dataclass(frozen=True, slots=True)
class DeviceCookie:
    """`devices` reads and writes the cookie's value."""

    cookie: HostCookie
    devices: KnownDevices

    @classmethod
    def of(cls, issuer: str, devices: KnownDevices) -> "DeviceCookie":
        return cls(HostCookie.of(issuer, NAME, "lax"), devices)

    @property
    def name(self) -> str:
        return self.cookie.name

    def read(self, request: Request) -> KnownDevice | None:
        """The device; None if the browser sends no valid cookie, or two, of which one is somebody else's."""
        values = self.cookie.values(request)
        return self.devices.read(values[0]) if len(values) == 1 else None

    def set(self, response: Response, device: KnownDevice | None, user_id: UUID, logins: Iterable[str]) -> None:
        """Make the browser known to this user, who signs in with these logins. `device` is what its cookie says now."""
        value = self.devices.write(device, user_id, logins)
        self.cookie.set(response, value, max_age=int(LIFETIME.total_seconds()))
