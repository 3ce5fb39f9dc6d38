"""What a request of the matrix is made of."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.support.services import Identity

Fields = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Prepared:
    """The parameters of the path, and the fields of the form."""

    path: Mapping[str, str] = field(default_factory=dict)
    fields: Fields = field(default_factory=dict)


Prepare = Callable[[Identity], Awaitable[Prepared]]
"""Makes the things that the request is about. It is called anew for each request."""

NOTHING: Final = Prepared()


async def nothing(_: Identity) -> Prepared:
    """Prepare nothing: the request needs neither parameters nor a form."""
    return NOTHING
