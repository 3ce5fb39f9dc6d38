"""A request of each operation of the administration that an administrator may make, prepared so that it succeeds."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.support.services import Identity


@dataclass(frozen=True)
class Prepared:
    """The parameters of the path, header fields, and what else `httpx` sends."""

    path: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


Prepare = Callable[[Identity], Awaitable[Prepared]]
"""Makes the things that the request is about. It is called anew for each request."""


async def nothing(_: Identity) -> Prepared:
    """Prepare nothing: the request needs neither parameters nor a body."""
    return Prepared()


PERMISSIONS: Final[Mapping[str, Prepare]] = {"GET /admin/permissions": nothing}

REQUESTS: Final[Mapping[str, Prepare]] = {**PERMISSIONS}
"""By the name of the operation in the matrix."""
