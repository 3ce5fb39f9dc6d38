"""/posts: read, write, change, delete."""

from typing import Annotated, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from posts_service.dependencies import ChangeConditions, PostsDep, Reader, Writer
from posts_service.errors import InvalidCursor, NotTheAuthor, PostChanged, PostNotFound
from posts_service.posts.cursor import Cursor
from posts_service.posts.models import State
from posts_service.posts.schemas import PageLength, PostChanges, PostDraft, PostPage, PostRead
from posts_service.posts.service import Page
from posts_service.posts.view import PostView, page_as_json
from watchword.auth import MissingToken, NotPermitted
from watchword.database.errors import DatabaseUnavailable
from watchword.http import JsonBytes, Preconditions, StrictHotRoute
from watchword.http.responses import READ_CONDITIONS, answer, refusals, unchanged

router = APIRouter(prefix="/posts", tags=["posts"], route_class=StrictHotRoute)

# What a reader sees depends on who they are.
_PRIVATE: Final = ((b"cache-control", b"private, no-cache"), (b"vary", b"Authorization"))

_UNCONDITIONAL: Final = Preconditions()

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
async def read_post(post_id: UUID, reader: Reader, posts: PostsDep, request: Request) -> Response:
    """A published post, or your own draft."""
    return _post_response(await posts.read(reader, post_id), Preconditions.of_request(request))


@router.get(
    "",
    operation_id="posts_list",
    summary="List posts",
    response_model=PostPage,
    responses=answer(200, "Link") | refusals(InvalidCursor, MissingToken, NotPermitted, DatabaseUnavailable),
)
async def list_posts(
    reader: Reader,
    posts: PostsDep,
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


@router.post(
    "",
    operation_id="posts_publish",
    summary="Publish a post",
    status_code=201,
    response_model=PostRead,
    responses=answer(201, "Location", "ETag") | refusals(NotPermitted, DatabaseUnavailable),
)
async def publish_post(draft: PostDraft, writer: Writer, posts: PostsDep) -> Response:
    """Publish a post, or store it as a draft. You are its author."""
    view = await posts.publish(writer, draft)
    fields = ((b"location", f"/posts/{view.id}".encode()), (b"etag", view.etag.encode()))
    return JsonBytes(view.as_json(), fields, 201)


@router.patch(
    "/{post_id}",
    operation_id="posts_edit",
    summary="Change a post",
    response_model=PostRead,
    responses=answer(200, "ETag") | refusals(NotTheAuthor, PostNotFound, PostChanged, DatabaseUnavailable),
)
async def edit_post(
    post_id: UUID, changes: PostChanges, writer: Writer, posts: PostsDep, conditions: ChangeConditions
) -> Response:
    """Change a post. Only its author or a moderator may; members left out stay as they are."""
    return _post_response(await posts.edit(writer, post_id, changes, conditions))


@router.delete(
    "/{post_id}",
    operation_id="posts_delete",
    summary="Delete a post",
    status_code=204,
    responses=refusals(NotTheAuthor, PostNotFound, PostChanged, DatabaseUnavailable),
)
async def delete_post(post_id: UUID, writer: Writer, posts: PostsDep, conditions: ChangeConditions) -> None:
    """Delete a post. Only its author or a moderator may."""
    await posts.delete(writer, post_id, conditions)


def _post_response(view: PostView, conditions: Preconditions = _UNCONDITIONAL) -> Response:
    etag = view.etag
    conditions.ensure_readable(etag, PostChanged)
    fields = (*_PRIVATE, (b"etag", etag.encode()))
    if conditions.is_unchanged(etag):
        response = Response(status_code=304)
        response.raw_headers.extend(fields)
        return response
    return JsonBytes(view.as_json(), fields)


def _page_response(page: Page, request: Request) -> Response:
    while len(content := _page_content(page)) > MAX_PAGE_BYTES and len(page.views) > 1:
        count = len(page.views) * MAX_PAGE_BYTES // len(content)
        page = page.first(min(max(count, 1), len(page.views) - 1))
    if page.next_cursor is None:
        return JsonBytes(content, _PRIVATE)
    return JsonBytes(content, (*_PRIVATE, (b"link", _link(request, str(page.next_cursor)).encode())))


def _page_content(page: Page) -> bytes:
    return page_as_json(page.views, str(page.next_cursor) if page.next_cursor is not None else None)


def _link(request: Request, next_cursor: str) -> str:
    """The Link field of the next page (RFC 8288); relative, since only the proxy in front knows the host."""
    parameters = request.query_params.multi_items() if request.scope["query_string"] else []
    query = [(name, value) for name, value in parameters if name != "cursor"]
    return f'</posts?{urlencode([*query, ("cursor", next_cursor)])}>; rel="next"'
