"""/posts: read one, list many."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from posts_service.dependencies import PostReadingDep, PostSearchDep, Reader, SlugPath, owner_of
from posts_service.errors import (
    PostChanged,
    PostNotFound,
    SearchBusy,
    SearchTooCostly,
    UnsupportedCombination,
)
from posts_service.posts.answers import moved, page_response, post_response, summaries_as_json
from posts_service.posts.models import State
from posts_service.posts.post_query import PostQuery, Sort
from posts_service.posts.schemas import PostPage, PostRead, TagFilter
from watchword.auth import MissingToken, NotPermitted
from watchword.database.errors import DatabaseUnavailable
from watchword.http import Preconditions, StrictHotRoute, Text
from watchword.http.keyset import InvalidCursor
from watchword.http.paging import PageCursor, PageLength
from watchword.http.responses import READ_CONDITIONS, answer, refusals, unchanged

router = APIRouter(prefix="/posts", tags=["posts"], route_class=StrictHotRoute)


@router.get(
    "/by-slug/{slug}",
    operation_id="posts_read_by_slug",
    summary="Read a post by its slug",
    response_model=PostRead,
    responses=answer(200, "ETag")
    | answer(301, "Location", description="The post has another slug")
    | unchanged("ETag")
    | refusals(PostNotFound, PostChanged, DatabaseUnavailable),
    openapi_extra=READ_CONDITIONS,
)
async def read_post_by_slug(slug: SlugPath, reader: Reader, posts: PostReadingDep, request: Request) -> Response:
    """A post that is published, or your own; an unpublished one also if you may unpublish posts. A slug that a post has
    had since it was first public leads to the present one."""
    view = await posts.read_by_slug(reader, slug)
    if view.slug != slug:
        return moved(f"/posts/by-slug/{view.slug}")
    return post_response(view, Preconditions.of_request(request))


@router.get(
    "/{post_id}",
    operation_id="posts_read",
    summary="Read a post",
    response_model=PostRead,
    responses=answer(200, "ETag") | unchanged("ETag") | refusals(PostNotFound, PostChanged, DatabaseUnavailable),
    openapi_extra=READ_CONDITIONS,
)
async def read_post(post_id: UUID, reader: Reader, posts: PostReadingDep, request: Request) -> Response:
    """A post that is published, or your own; an unpublished one also if you may unpublish posts."""
    return post_response(await posts.read(reader, post_id), Preconditions.of_request(request))


@router.get(
    "",
    operation_id="posts_list",
    summary="List posts",
    response_model=PostPage,
    responses=answer(200, "Link")
    | refusals(
        InvalidCursor,
        UnsupportedCombination,
        SearchTooCostly,
        SearchBusy,
        MissingToken,
        NotPermitted,
        DatabaseUnavailable,
    ),
)
async def list_posts(
    reader: Reader,
    posts: PostReadingDep,
    search: PostSearchDep,
    request: Request,
    limit: PageLength = 20,
    cursor: PageCursor = None,
    author: Annotated[UUID | None, Query(description="Only posts of this author")] = None,
    tag: TagFilter = None,
    q: Annotated[
        Text | None,
        Query(max_length=200, description='Words, `"a phrase"`, `or`, `-without`; combines with no other filter'),
    ] = None,
    sort: Annotated[Sort, Query(description="`most_liked`: only for all published posts")] = Sort.NEWEST,
    state: Annotated[
        State,
        Query(description="`draft`: your own drafts; `unpublished`: your own, or all if you may unpublish posts"),
    ] = State.PUBLISHED,
) -> Response:
    """Posts without their whole bodies, the newest first; pages stay consistent while posts are added. With `q`, the
    newest 1,000 posts that match, the best first."""
    query = PostQuery(author, tag, state, sort)
    if q is not None:
        hits = await search.list(reader, q, query, cursor, limit, owner=owner_of(reader, request))
        return page_response(hits, summaries_as_json, "/posts", request)
    page = await posts.list(reader, query, cursor, limit)
    return page_response(page, summaries_as_json, "/posts", request)
