"""What routes of a service get from its parts."""

from collections.abc import Callable, Coroutine
from operator import attrgetter
from typing import Any

from fastapi import Request


def part(name: str) -> Callable[[Request], Coroutine[Any, Any, Any]]:
    """Make a dependency that gives one of the service's parts: `Annotated[Posts, Depends(part("posts"))]`.
    A dotted name is that of an object in a part: `part("factors.passkeys")`."""
    read = attrgetter(name)

    async def get_part(request: Request) -> Any:
        # Reading the attribute `state.parts` would take ten times as long.
        return read(request.app.state["parts"])

    return get_part
