"""`GET /posts/events`: new and changed posts as server-sent events."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from posts_service.dependencies import ListenerDep
from posts_service.errors import TooManyListeners
from watchword.database.errors import DatabaseUnavailable
from watchword.http.responses import refusals
from watchword.http.strict import StrictRoute

router = APIRouter(prefix="/posts", tags=["posts"], route_class=StrictRoute)

# Proxies must neither keep the stream nor wait until it has become longer.
_UNBUFFERED: Final = {"Cache-Control": "private, no-store", "Vary": "Authorization", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    media_type = "text/event-stream"


@router.get(
    "/events",
    operation_id="posts_listen",
    summary="Listen for new and changed posts",
    response_class=EventStream,
    responses=refusals(TooManyListeners, DatabaseUnavailable),
)
async def listen_for_posts(listener: ListenerDep) -> EventStream:
    """Server-sent events, until you leave. `post`: the summary of a post that is new or has changed, or of which the
    likes or the comments have changed, even if there are as many as before; `post-unpublished`: the `id` of one that
    readers no longer see; `reset`: more has changed than is sent, so read the list anew; `signed-out`: your token is no
    longer valid, and this was the last event.

    Deleted posts are not announced. An event can come twice: `version` says which is the later one. An account may have
    twenty streams at once, and anonymous readers ten per address.
    """
    return EventStream(listener.parts(), headers=_UNBUFFERED)
