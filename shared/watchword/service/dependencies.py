"""What routes of a service get from its parts."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request


def part(name: str) -> Callable[[Request], Coroutine[Any, Any, Any]]:
    """Make a dependency that gives one of the service's parts: `Annotated[Posts, Depends(part("posts"))]`."""

    async def get_part(request: Request) -> Any:
        # Reading the attribute `state.parts` would take ten times as long.
        return getattr(request.app.state["parts"], name)

    return get_part
