"""The device that a request comes from."""

from typing import NamedTuple


class Device(NamedTuple):
    """What a session or a sign-on is shown by: the User-Agent of the browser or program, and the caller's address."""

    description: str | None
    address: str | None
