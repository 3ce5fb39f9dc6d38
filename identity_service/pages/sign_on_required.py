"""Pages of the account lead people who are not signed on to the page that signs them on."""

from fastapi import FastAPI, Request
from starlette.responses import Response

from identity_service.authentication.sign_on_cookie import SignOnCookie
from identity_service.errors import FreshSignOnRequired, OwnPasswordRequired, SignOnRequired
from identity_service.pages.forms import query_of
from identity_service.pages.goals import CHANGE_PASSWORD, CONSENT, DEVICE, Goal
from identity_service.pages.rendering import go


def install(app: FastAPI, cookie: SignOnCookie) -> None:
    """Answer SignOnRequired. A person who sent a form without a live sign-on sees its page again after signing in."""

    async def answer(request: Request, error: Exception) -> Response:
        if request.url.path == CONSENT:
            # The authorization endpoint, of whose request this is the query, leads the person through the sign-in.
            return go(Goal.of_authorization(query_of(request)).path)
        if isinstance(error, OwnPasswordRequired):
            return go(CHANGE_PASSWORD)
        response = go(_goal(request, error).sign_in_path)
        cookie.delete_repeated(request, response)
        return response

    app.add_exception_handler(SignOnRequired, answer)


def _goal(request: Request, error: Exception) -> Goal:
    if request.url.path == DEVICE:
        return Goal.of_device(request.query_params.get("user_code", ""))
    return Goal.of(request.url.path, needs_fresh=isinstance(error, FreshSignOnRequired))
