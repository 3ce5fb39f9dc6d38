"""A page that asks for a sign-on leads those who have none to the page that signs them on."""

from fastapi import FastAPI, Request
from starlette.responses import Response

from identity_service.authentication.sign_on_cookie import SignOnCookie
from identity_service.errors import FreshSignOnRequired, OwnPasswordRequired, SignOnRequired
from identity_service.pages.goals import CHANGE_PASSWORD, Goal
from identity_service.pages.rendering import go


def install(app: FastAPI, cookie: SignOnCookie) -> None:
    """Answer SignOnRequired. A form that was not accepted leads to its page, which the person then sees again."""

    async def answer(request: Request, error: Exception) -> Response:
        if isinstance(error, OwnPasswordRequired):
            return go(CHANGE_PASSWORD)
        goal = Goal.of(request.url.path, is_fresh=isinstance(error, FreshSignOnRequired))
        response = go(goal.sign_in_path)
        cookie.delete_repeated(request, response)
        return response

    app.add_exception_handler(SignOnRequired, answer)
