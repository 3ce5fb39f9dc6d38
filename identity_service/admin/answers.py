"""The answers of the administration that have header fields of their own."""

from typing import TypeVar

from fastapi import Request, Response
from pydantic import BaseModel

from identity_service.caching import NO_STORE
from watchword.http import Preconditions
from watchword.http.paging import link_to_next

View = TypeVar("View", bound=BaseModel)


def read_answer(view: View, tag: str, conditions: Preconditions, response: Response) -> View | Response:
    """The view with its entity tag, or 304 if the caller has what this tag is of. Raises PreconditionFailed."""
    conditions.ensure_readable(tag)
    if conditions.is_unchanged(tag):
        return Response(status_code=304, headers={**NO_STORE, "ETag": tag})
    response.headers["ETag"] = tag
    return view


def link_next(next_cursor: str | None, request: Request, response: Response) -> None:
    """Add the Link field of the next page, if there is one."""
    if next_cursor is not None:
        query = request.query_params.multi_items()
        response.headers["Link"] = link_to_next(request.url.path, query, next_cursor)
