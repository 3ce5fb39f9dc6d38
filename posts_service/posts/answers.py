"""The answers that have a post, or a page of posts."""

from typing import Any, Final

from fastapi import Request, Response

from posts_service.errors import PostChanged
from posts_service.idempotency.values import Answer
from posts_service.paging import link_to_next
from posts_service.posts.page import Page
from posts_service.posts.view import PostView, as_json
from watchword.http import JsonBytes, Preconditions

# What a reader sees depends on who they are.
PRIVATE: Final = ((b"cache-control", b"private, no-cache"), (b"vary", b"Authorization"))

# A longer page is cut to fewer posts, so that a client that reads slowly cannot make this process hold much memory. A
# hundred posts of usual length fit.
MAX_PAGE_BYTES: Final = 131_072

_UNCONDITIONAL: Final = Preconditions()


def created(view: PostView) -> Answer:
    """The answer to whoever has made the post."""
    return Answer(201, view.as_json(), f"/posts/{view.id}", view.etag)


def post_response(view: PostView, conditions: Preconditions = _UNCONDITIONAL) -> Response:
    etag = view.etag
    conditions.ensure_readable(etag, PostChanged)
    fields = (*PRIVATE, (b"etag", etag.encode()))
    if conditions.is_unchanged(etag):
        response = Response(status_code=304)
        response.raw_headers.extend(fields)
        return response
    return JsonBytes(view.as_json(), fields)


def moved(path: str) -> Response:
    """Lead to the present address. A browser that remembered this for ever would miss that it can change back."""
    response = Response(status_code=301)
    response.raw_headers.extend((*PRIVATE, (b"location", path.encode())))
    return response


def page_response(page: Page[Any], request: Request) -> Response:
    while len(content := _page_content(page)) > MAX_PAGE_BYTES and len(page.items) > 1:
        count = len(page.items) * MAX_PAGE_BYTES // len(content)
        page = page.first(min(max(count, 1), len(page.items) - 1))
    if page.is_last:
        return JsonBytes(content, PRIVATE)
    parameters = request.query_params.multi_items() if request.scope["query_string"] else []
    link = link_to_next("/posts", parameters, str(page.next_cursor))
    return JsonBytes(content, (*PRIVATE, (b"link", link.encode())))


def _page_content(page: Page[Any]) -> bytes:
    return as_json({"items": [item.as_summary() for item in page.items], "next": page.next_cursor})
