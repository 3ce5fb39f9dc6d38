"""The answers that have a post, or a page of posts."""

from collections.abc import Callable
from typing import Any, Final

from fastapi import Request, Response

from posts_service.errors import PostChanged
from posts_service.idempotency.values import Answer
from posts_service.posts.view import PostView, as_json
from watchword.http import JsonBytes, Preconditions
from watchword.http.paging import Item, Page, cut_to_size, link_to_next

# What a reader sees depends on who they are.
PRIVATE: Final = ((b"cache-control", b"private, no-cache"), (b"vary", b"Authorization"))

_UNCONDITIONAL: Final = Preconditions()


def created(view: PostView) -> Answer:
    """The answer to a request that has made a post."""
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


def page_response(page: Page[Item], content_of: Callable[[Page[Item]], bytes], path: str, request: Request) -> Response:
    """As much of the page as fits, with the Link field of the next one. `path` is that of the list."""
    page, content = cut_to_size(page, content_of)
    if page.next_cursor is None:
        return JsonBytes(content, PRIVATE)
    parameters = request.query_params.multi_items() if request.scope["query_string"] else []
    link = link_to_next(path, parameters, page.next_cursor)
    return JsonBytes(content, (*PRIVATE, (b"link", link.encode())))


def summaries_as_json(page: Page[Any]) -> bytes:
    return as_json({"items": [item.as_summary() for item in page.items], "next": page.next_cursor})
