"""/posts: read one, list many."""

from typing import Annotated, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from posts_service.dependencies import PostReadingDep, Reader
from posts_service.errors import InvalidCursor, PostChanged, PostNotFound
from posts_service.posts.answers import PRIVATE, post_response
from posts_service.posts.cursor import Cursor
from posts_service.posts.models import State
from posts_service.posts.reading import Page
from posts_service.posts.schemas import PageLength, PostPage, PostRead
from posts_service.posts.view import page_as_json
from watchword.auth import MissingToken, NotPermitted
from watchword.database.errors import DatabaseUnavailable
from watchword.http import JsonBytes, Preconditions, StrictHotRoute
from watchword.http.responses import READ_CONDITIONS, answer, refusals, unchanged

router = APIRouter(prefix="/posts", tags=["posts"], route_class=StrictHotRoute)

# A longer page is cut to fewer posts, so that a client that reads slowly cannot make this process hold much memory. A
# hundred posts of usual length fit.
MAX_PAGE_BYTES: Final = 131_072


@router.get(
    "/{post_id}",
    operation_id="posts_read",
    summary="Read a post",
    response_model=PostRead,
    responses=answer(200, "ETag") | unchanged("ETag") | refusals(PostNotFound, PostChanged, DatabaseUnavailable),
    openapi_extra=READ_CONDITIONS,
)
async def read_post(post_id: UUID, reader: Reader, posts: PostReadingDep, request: Request) -> Response:
    """A published post, or your own draft."""
    return post_response(await posts.read(reader, post_id), Preconditions.of_request(request))


@router.get(
    "",
    operation_id="posts_list",
    summary="List posts",
    response_model=PostPage,
    responses=answer(200, "Link") | refusals(InvalidCursor, MissingToken, NotPermitted, DatabaseUnavailable),
)
async def list_posts(
    reader: Reader,
    posts: PostReadingDep,
    request: Request,
    limit: PageLength = 20,
    cursor: Annotated[str | None, Query(max_length=64, description="`next` of the page before")] = None,
    author: Annotated[UUID | None, Query(description="Only posts of this author")] = None,
    state: Annotated[
        Literal[State.DRAFT, State.PUBLISHED], Query(description="`draft`: your own drafts")
    ] = State.PUBLISHED,
) -> Response:
    """Posts without their whole bodies, the newest first; pages stay consistent while posts are added."""
    begin = Cursor.parse(cursor) if cursor is not None else None
    if state is State.DRAFT:
        return _page_response(await posts.list_drafts(reader, author, begin, limit), request)
    return _page_response(await posts.list_published(author, begin, limit), request)


def _page_response(page: Page, request: Request) -> Response:
    while len(content := _page_content(page)) > MAX_PAGE_BYTES and len(page.views) > 1:
        count = len(page.views) * MAX_PAGE_BYTES // len(content)
        page = page.first(min(max(count, 1), len(page.views) - 1))
    if page.next_cursor is None:
        return JsonBytes(content, PRIVATE)
    return JsonBytes(content, (*PRIVATE, (b"link", _link(request, str(page.next_cursor)).encode())))


def _page_content(page: Page) -> bytes:
    return page_as_json(page.views, str(page.next_cursor) if page.next_cursor is not None else None)


def _link(request: Request, next_cursor: str) -> str:
    """The Link field of the next page (RFC 8288); relative, since only the proxy in front knows the host."""
    parameters = request.query_params.multi_items() if request.scope["query_string"] else []
    query = [(name, value) for name, value in parameters if name != "cursor"]
    return f'</posts?{urlencode([*query, ("cursor", next_cursor)])}>; rel="next"'
