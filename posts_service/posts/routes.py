"""/posts: read, write, change, delete."""

from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response

from posts_service.dependencies import DatabaseDep, NowDep, Reader, Writer
from posts_service.posts import service
from posts_service.posts.cursor import Cursor
from posts_service.posts.models import State
from posts_service.posts.schemas import PostChanges, PostDraft, PostPage, PostRead
from posts_service.posts.view import PostView, page_as_json
from watchword.http.conditional import is_unchanged

router = APIRouter(prefix="/posts", tags=["posts"])

# What is read depends on who reads it.
_PRIVATE: Final = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}

IfMatch = Annotated[str | None, Header(description="Act only on this version (its `ETag`)")]


@router.get("/{post_id}", response_model=PostRead, responses={304: {"description": "Unchanged"}})
async def read_post(post_id: UUID, reader: Reader, database: DatabaseDep, request: Request) -> Response:
    """A published post, or your own draft."""
    return _answer(await service.read_post(database, reader, post_id), request)


@router.get("", response_model=PostPage)
async def list_posts(
    reader: Reader,
    database: DatabaseDep,
    request: Request,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=64, description="`next` of the page before")] = None,
    author: Annotated[UUID | None, Query(description="Only posts of this author")] = None,
    state: Annotated[State, Query(description="`draft`: your own drafts")] = State.PUBLISHED,
) -> Response:
    """Posts, the newest first; pages stay right while posts are added."""
    page = await service.list_posts(
        database,
        reader,
        state=state,
        author_id=author,
        cursor=Cursor.parse(cursor) if cursor is not None else None,
        limit=limit,
    )
    following = str(page.following) if page.following is not None else None
    headers = {**_PRIVATE, "Link": _link(request, following)} if following else _PRIVATE
    return Response(page_as_json(page.views, following), headers=headers, media_type="application/json")


@router.post("", status_code=201, response_model=PostRead)
async def publish_post(draft: PostDraft, writer: Writer, database: DatabaseDep, now: NowDep) -> Response:
    """Publish a post, or keep it as a draft. You are its author."""
    view = await service.publish_post(database, writer, draft, now)
    headers = {"Location": f"/posts/{view.id}", "ETag": view.etag}
    return Response(view.as_json(), 201, headers, "application/json")


@router.patch("/{post_id}", response_model=PostRead, responses={412: {"description": "Changed meanwhile"}})
async def edit_post(
    post_id: UUID, changes: PostChanges, writer: Writer, database: DatabaseDep, now: NowDep, if_match: IfMatch = None
) -> Response:
    """Change a post; only its author may, or a moderator. Members left out stay as they are."""
    return _answer(await service.edit_post(database, writer, post_id, changes, if_match, now))


@router.delete("/{post_id}", status_code=204, responses={412: {"description": "Changed meanwhile"}})
async def delete_post(post_id: UUID, writer: Writer, database: DatabaseDep, if_match: IfMatch = None) -> None:
    """Delete a post; only its author may, or a moderator."""
    await service.delete_post(database, writer, post_id, if_match)


def _answer(view: PostView, request: Request | None = None) -> Response:
    headers = {**_PRIVATE, "ETag": view.etag}
    if request is not None and is_unchanged(request.headers.get("if-none-match"), view.etag):
        return Response(status_code=304, headers=headers)
    return Response(view.as_json(), headers=headers, media_type="application/json")


def _link(request: Request, following: str) -> str:
    """RFC 8288; relative, since only the proxy in front knows the host."""
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f'</posts?{urlencode([*query, ("cursor", following)])}>; rel="next"'
