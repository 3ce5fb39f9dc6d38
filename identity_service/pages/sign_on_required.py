"""Pages of the account and of the administration lead people who are not signed on to the page that signs them on."""

from typing import Final

from fastapi import FastAPI, Request
from starlette.responses import Response

from identity_service.authentication.sign_on_cookie import SignOnCookie
from identity_service.errors import FreshSignOnRequired, MustAddSecondFactor, OwnPasswordRequired, SignOnRequired
from identity_service.pages.forms import query_of
from identity_service.pages.goals import (
    ADMINISTRATION,
    CHANGE_PASSWORD,
    CONSENT,
    DEVICE,
    SECURITY,
    Goal,
    is_of_security,
)
from identity_service.pages.rendering import go, page_fields
from watchword.service.places import is_at_or_below

SCRIPTED: Final = "hx-request"
"""The header field of requests that htmx sends: it would follow a redirect, and show a part of where that leads."""


def install(app: FastAPI, cookie: SignOnCookie) -> None:
    """Answer SignOnRequired. A person who sent a form without a live sign-on sees its page again after signing in."""

    async def answer(request: Request, error: Exception) -> Response:
        if request.url.path == CONSENT:
            # The authorization endpoint, of whose request this is the query, leads the person through the sign-in.
            return go(Goal.of_authorization(query_of(request)).path)
        if isinstance(error, OwnPasswordRequired):
            return _go_to(request, CHANGE_PASSWORD)
        if isinstance(error, MustAddSecondFactor):
            return _go_to(request, _goal(request, error).path_before(SECURITY))
        response = _go_to(request, _goal(request, error).sign_in_path)
        cookie.delete_repeated(request, response)
        return response

    app.add_exception_handler(SignOnRequired, answer)


def _goal(request: Request, error: Exception) -> Goal:
    if request.url.path == DEVICE:
        return Goal.of_device(request.query_params.get("user_code", ""))
    path, needs_fresh = request.url.path, isinstance(error, FreshSignOnRequired)
    query = _query_to_keep(request, error)
    goal = Goal.of(f"{path}?{query}" if query else path, needs_fresh=needs_fresh)
    return Goal.of(path, needs_fresh=needs_fresh) if query and "?" not in goal.path else goal


def _query_to_keep(request: Request, error: Exception) -> str:
    """The query with which a person comes back to a page of the administration, or to one that says itself where they
    go on; empty for other pages."""
    if is_of_security(request.url.path):
        return query_of(request)
    if not is_at_or_below(request.url.path, {ADMINISTRATION.removeprefix("/")}):
        return ""
    return query_of(request) if request.method == "GET" else getattr(error, "query", "")


def _go_to(request: Request, path: str) -> Response:
    """Lead the browser there; from a page whose script has sent the request, instead of its answer."""
    if SCRIPTED in request.headers:
        return Response(headers={**page_fields(), "HX-Redirect": path})
    return go(path)
