"""/posts/{id}/comments: read what people say about a post."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from posts_service.comments.schemas import CommentPage
from posts_service.comments.view import CommentView, page_as_json
from posts_service.dependencies import CommentReadingDep, Reader
from posts_service.errors import InvalidCursor, PostNotFound
from posts_service.paging import Page, PageCursor, PageLength, cut_to_size, link_to_next
from posts_service.posts.answers import PRIVATE
from watchword.database.errors import DatabaseUnavailable
from watchword.http import JsonBytes, StrictHotRoute
from watchword.http.responses import answer, refusals

router = APIRouter(prefix="/posts/{post_id}/comments", tags=["comments"], route_class=StrictHotRoute)


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
    cursor: PageCursor = None,
) -> Response:
    """The comments thread by thread, each before its answers, the oldest first."""
    page = await comments.list_of(reader, post_id, cursor, limit)
    return _page_response(page, f"/posts/{post_id}/comments", request)


def _page_response(page: Page[CommentView], path: str, request: Request) -> Response:
    page, content = cut_to_size(page, page_as_json)
    if page.next_cursor is None:
        return JsonBytes(content, PRIVATE)
    link = link_to_next(path, request.query_params.multi_items(), page.next_cursor)
    return JsonBytes(content, (*PRIVATE, (b"link", link.encode())))
