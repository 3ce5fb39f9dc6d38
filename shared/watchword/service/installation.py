"""One call that gives any FastAPI app request ids, JSON logs, problem documents and its own documentation page."""

import logging

from fastapi import FastAPI
from starlette.middleware import Middleware

from watchword.arguments import ensure_count, ensure_text
from watchword.errors import TooLarge
from watchword.http import hot, problems
from watchword.http.openapi import Document, amend, operations_in
from watchword.http.responses import by_text, merge, refusals
from watchword.observability.logs import configure_logging
from watchword.service import docs
from watchword.service.middleware import DEFAULT_BODY_LIMIT, Fields, OnAnswer, OutermostMiddleware, UnhandledErrors


def install(
    app: FastAPI,
    name: str,
    *,
    log_level: str = "info",
    max_body_bytes: int = DEFAULT_BODY_LIMIT,
    docs_client_id: str | None = None,
) -> None:
    """Give this app what every Watchword service has. Call it before the app starts, before or after `protect`.

    Each answer has a request id; the process logs JSON lines in the name of the service `name`, uvicorn's among them;
    each refusal and each error is a problem document (RFC 9457); a body above `max_body_bytes` is refused with 413.
    The documentation page at /docs needs no other host, and replaces both pages of FastAPI; an app whose `openapi_url`
    is None has none. `docs_client_id` is the client that the page signs in with.

    Raises RuntimeError for an app that has all of this already: by an earlier call, or from `new_app`; ValueError for
    an argument that can have no effect.
    """
    _ensure_bare(app)
    ensure_text("name", name, "the name of the service in its log lines")
    ensure_count("max_body_bytes", max_body_bytes, least=1)
    if docs_client_id is not None:
        ensure_text("docs_client_id", docs_client_id, "the id of a client")
        if app.openapi_url is None:
            raise ValueError("docs_client_id: this app has no documentation page, since its openapi_url is None")
    configure_logging(name, log_level)
    _pass_on_uvicorn_logs()
    add_frame(app, max_body_bytes, docs_client_id)


def add_frame(
    app: FastAPI,
    max_body_bytes: int,
    docs_client_id: str | None = None,
    on_answer: OnAnswer | None = None,
    fields: Fields = (),
    *,
    varies_by_origin: bool = False,
) -> None:
    """Do the part of `install` that is the app's, not the process's.

    `on_answer` is called after every request; every answer has the header fields `fields` and, with
    `varies_by_origin`, `Vary: Origin`. CrossOriginMiddleware needs that.
    """
    problems.install(app)
    app.state.handles_head = True
    amend(app, _describe_body_limit)
    docs.install(app, docs_client_id)
    # The first of the list is the outermost layer, and the last one the innermost, which the hot routes have to be.
    app.user_middleware.append(Middleware(UnhandledErrors))
    hot.install(app)
    app.add_middleware(
        OutermostMiddleware,
        max_body_bytes=max_body_bytes,
        on_answer=on_answer,
        fields=fields,
        varies_by_origin=varies_by_origin,
    )


def _describe_body_limit(document: Document) -> None:
    for operation in operations_in(document):
        if "requestBody" in operation:
            merge(operation["responses"], by_text(refusals(TooLarge)))


def _ensure_bare(app: FastAPI) -> None:
    # A second layer would give each answer a second request id, and log each request twice.
    layers: list[object] = [middleware.cls for middleware in app.user_middleware]
    if OutermostMiddleware in layers:
        raise RuntimeError("this app has been installed already")


def _pass_on_uvicorn_logs() -> None:
    """Leave uvicorn's lines to the root logger: its command line gives it handlers that write plain text."""
    for name in ("uvicorn", "uvicorn.access", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
