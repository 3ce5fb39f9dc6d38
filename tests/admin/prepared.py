"""What a request of the matrix is made of."""

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


WHATEVER_IS_THERE: Final = {"If-Match": "*"}

Prepare = Callable[[Identity], Awaitable[Prepared]]
"""Makes the things that the request is about. It is called anew for each request."""


async def nothing(_: Identity) -> Prepared:
    """Prepare nothing: the request needs neither parameters nor a body."""
    return Prepared()
