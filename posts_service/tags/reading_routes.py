"""/tags: what posts are about."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from posts_service.dependencies import Reader, TagReadingDep
from posts_service.tags.schemas import TagPage, TagRead
from watchword.database.errors import DatabaseUnavailable
from watchword.http import StrictRoute
from watchword.http.keyset import InvalidCursor
from watchword.http.paging import PageLength, link_to_next
from watchword.http.responses import answer, refusals

router = APIRouter(prefix="/tags", tags=["tags"], route_class=StrictRoute)


@router.get(
    "",
    operation_id="tags_list",
    summary="List tags",
    responses=answer(200, "Link") | refusals(InvalidCursor, DatabaseUnavailable),
)
async def list_tags(
    reader: Reader,
    tags: TagReadingDep,
    request: Request,
    response: Response,
    limit: PageLength = 20,
    cursor: Annotated[str | None, Query(max_length=256, description="`next` of the previous page")] = None,
) -> TagPage:
    """The tags of published posts: those that most posts have come first, and among these they are in the order of
    their names."""
    page = await tags.list(cursor, limit)
    response.headers["Cache-Control"] = "no-cache"
    if page.next_cursor is not None:
        response.headers["Link"] = link_to_next("/tags", request.query_params.multi_items(), page.next_cursor)
    return TagPage(items=[TagRead(name=tag.name, posts=tag.posts) for tag in page.items], next=page.next_cursor)
