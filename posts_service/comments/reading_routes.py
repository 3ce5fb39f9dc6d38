"""/posts/{id}/comments: read what people say about a post."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from posts_service.comments.reading import Page
from posts_service.comments.schemas import CommentPage
from posts_service.comments.view import page_as_json
from posts_service.dependencies import CommentReadingDep, Reader
from posts_service.errors import InvalidCursor, PostNotFound
from posts_service.paging import PageLength, link_to_next
from posts_service.posts.answers import PRIVATE
from watchword.database.errors import DatabaseUnavailable
from watchword.http import JsonBytes, StrictHotRoute
from watchword.http.responses import answer, refusals

router = APIRouter(prefix="/posts/{post_id}/comments", tags=["comments"], route_class=StrictHotRoute)

# A longer page is cut to fewer comments, so that a client that reads slowly cannot make this process hold much memory.
# A hundred comments of usual length fit.
MAX_PAGE_BYTES: Final = 131_072


@router.get(
    "",
    operation_id="comments_list",
    summary="List the comments on a post",
    response_model=CommentPage,
    responses=answer(200, "Link") | refusals(PostNotFound, InvalidCursor, DatabaseUnavailable),
)
async def list_comments(
    post_id: UUID,
    reader: Reader,
    comments: CommentReadingDep,
    request: Request,
    limit: PageLength = 20,
    cursor: Annotated[str | None, Query(max_length=64, description="`next` of the page before")] = None,
) -> Response:
    """The comments thread by thread, each before its answers, the oldest first."""
    page = await comments.list_of(reader, post_id, cursor, limit)
    return _page_response(page, f"/posts/{post_id}/comments", request)


def _page_response(page: Page, path: str, request: Request) -> Response:
    while len(content := page_as_json(page.views, page.next_cursor)) > MAX_PAGE_BYTES and len(page.views) > 1:
        count = len(page.views) * MAX_PAGE_BYTES // len(content)
        page = page.first(min(max(count, 1), len(page.views) - 1))
    if page.next_cursor is None:
        return JsonBytes(content, PRIVATE)
    link = link_to_next(path, request.query_params.multi_items(), page.next_cursor)
    return JsonBytes(content, (*PRIVATE, (b"link", link.encode())))
