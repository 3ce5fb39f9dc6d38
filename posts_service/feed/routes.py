"""/feed.atom: the newest posts for feed readers."""

from hashlib import blake2b
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from posts_service.dependencies import AtomFeedDep, Reader
from posts_service.errors import UnsupportedCombination
from posts_service.posts.post_query import PostQuery
from posts_service.posts.schemas import TagFilter
from watchword.database.errors import DatabaseUnavailable
from watchword.errors import PreconditionFailed
from watchword.http import Preconditions, StrictRoute
from watchword.http.responses import READ_CONDITIONS, answer, refusals, unchanged

router = APIRouter(tags=["posts"], route_class=StrictRoute)


class AtomResponse(Response):
    media_type = "application/atom+xml"


@router.get(
    "/feed.atom",
    operation_id="feed_read",
    summary="The newest posts as a feed",
    response_class=AtomResponse,
    responses=answer(200, "ETag")
    | unchanged("ETag")
    | refusals(UnsupportedCombination, PreconditionFailed, DatabaseUnavailable),
    openapi_extra=READ_CONDITIONS,
)
async def read_feed(
    reader: Reader,
    feed: AtomFeedDep,
    request: Request,
    author: Annotated[UUID | None, Query(description="Only posts of this author")] = None,
    tag: TagFilter = None,
) -> Response:
    """The twenty newest published posts (RFC 4287): all, or by `author` or by `tag`. Everybody gets the same."""
    content = await feed.read(PostQuery(author, tag))
    etag = f'"{blake2b(content, digest_size=16).hexdigest()}"'
    fields = {"ETag": etag, "Cache-Control": "public, max-age=60"}
    conditions = Preconditions.of_request(request)
    conditions.ensure_readable(etag)
    if conditions.is_unchanged(etag):
        return Response(status_code=304, headers=fields)
    return AtomResponse(content, headers=fields)
