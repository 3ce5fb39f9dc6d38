"""Refusals of a page's path as pages: the handlers of errors answer, and a person reads the refusal as a sentence."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.websockets import WebSocket

from watchword.errors import AppError

_PASSED_ON: Final = ("allow", "ratelimit", "ratelimit-policy", "retry-after")

Handler = Callable[[Any, Any], Awaitable[Response | None]]
RefusalPage = Callable[[int, str, str | None], Response]
"""Makes the page of a refusal from its status, its code, and its Retry-After, if it has one."""


def install(app: FastAPI, is_page: Callable[[str], bool], refusal_page: RefusalPage) -> None:
    """Answer each refusal at a path for which `is_page` holds with the page that `refusal_page` makes. The others stay
    problem documents. It is called after the handlers of errors were added to the app."""

    def as_page(answer: Handler) -> Handler:
        async def handle(connection: Request | WebSocket, error: Exception) -> Response | None:
            response = await answer(connection, error)
            # Not that of the URL: the path of `OPTIONS *` has no slash, and would become a part of the host.
            if response is None or not is_page(connection.scope["path"]):
                return response
            code = orjson.loads(bytes(response.body))["code"]
            page = refusal_page(response.status_code, code, response.headers.get("retry-after"))
            return copy_fields(response, page)

        return handle

    kinds: tuple[type[Exception], ...] = (AppError, RequestValidationError, HTTPException)
    for kind in kinds:
        handler: Any = app.exception_handlers[kind]
        app.add_exception_handler(kind, as_page(handler))  # type: ignore[arg-type]


def copy_fields(answer: Response, page: Response) -> Response:
    """Copy header fields of a refusal, such as Retry-After, to the page that shows it, and return the page."""
    page.headers.update({name: answer.headers[name] for name in _PASSED_ON if name in answer.headers})
    return page
