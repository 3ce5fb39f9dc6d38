"""The answers that have a post."""

from typing import Final

from fastapi import Response

from posts_service.errors import PostChanged
from posts_service.idempotency.values import Answer
from posts_service.posts.view import PostView
from watchword.http import JsonBytes, Preconditions

# What a reader sees depends on who they are.
PRIVATE: Final = ((b"cache-control", b"private, no-cache"), (b"vary", b"Authorization"))

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
