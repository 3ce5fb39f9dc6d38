"""The values that the use cases of device grants return."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from identity_service.services.models import ScopesOfService
from identity_service.user_agents import DeviceName, device_name


class IssuedDeviceCodes(NamedTuple):
    """The codes of a device grant. `user_code` is as people see it."""

    device_code: str
    user_code: str


@dataclass(frozen=True, slots=True)
class RequestingDevice:
    """What a person is shown of a device that asks for a session: the code that was typed, the name of its application,
    where the request came from and when, and what it may do then."""

    user_code: str
    application: str
    device: str | None
    address: str | None
    requested_at: datetime
    scopes: Sequence[ScopesOfService]

    @property
    def name(self) -> DeviceName:
        return device_name(self.device)
