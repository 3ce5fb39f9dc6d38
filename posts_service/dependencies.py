"""The parameters that routes get from the service and from the caller."""

from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Annotated, Final

from fastapi import Depends, Header, Request

from posts_service.live.feed import Feed
from posts_service.live.listener import Listener, Places
from posts_service.posts.service import Posts
from watchword.auth import Principal, ScopeTexts, optional, requires
from watchword.http import Preconditions
from watchword.service import part


class Scope(StrEnum):
    POSTS_WRITE = "posts:write"


SCOPE_TEXTS: Final = ScopeTexts(people={Scope.POSTS_WRITE: "Write, change and delete your posts"})


def preconditions(
    request: Request,
    if_match: Annotated[
        str | None, Header(alias="If-Match", description="Act only on this version (its `ETag`)")
    ] = None,
    if_none_match: Annotated[
        str | None, Header(alias="If-None-Match", description="Act only if this is not the version")
    ] = None,
) -> Preconditions:
    """The preconditions of the request. The parameters are for the OpenAPI document and see one line of a field."""
    return Preconditions.of(request.headers)


PostsDep = Annotated[Posts, Depends(part("posts"))]
Reader = Annotated[Principal | None, Depends(optional)]


async def listening(
    request: Request,
    reader: Reader,
    feed: Annotated[Feed, Depends(part("feed"))],
    places: Annotated[Places, Depends(part("places"))],
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", description="The last id that you got: begin with what you missed")
    ] = None,
) -> AsyncIterator[Listener]:
    """A listener for as long as the answer lasts; if the reader is anonymous, one of those of their address."""
    address = request.client.host if reader is None and request.client is not None else None
    with places.place_for(address):
        async with feed.listen(last_event_id) as listener:
            yield listener


Listening = Annotated[Listener, Depends(listening)]
ChangeConditions = Annotated[Preconditions, Depends(preconditions)]
Writer = Annotated[Principal, Depends(requires(Scope.POSTS_WRITE))]
