"""Answers to authorization requests as responses: a redirect, or a page that sends a form."""

from fastapi import Request
from starlette.responses import Response

from identity_service.clients.redirect_uris import origin_of
from identity_service.oauth.authorization.answers import Answer, ResponseMode
from identity_service.oauth.authorization.decision import Authorization, Detour, Page
from identity_service.oauth.authorization.errors import AuthorizationFailed
from identity_service.oauth.authorization.parameters import Parameters
from identity_service.oauth.authorization.requests import AuthorizationRequests
from identity_service.pages.forms import text_of
from identity_service.pages.goals import CHANGE_PASSWORD, SECURITY, SIGN_IN, STRONGER, Goal
from identity_service.pages.rendering import Pages, go, leave, page_fields
from identity_service.sign_ons.values import LiveSignOn
from watchword.errors import BadRequest


def response_to(pages: Pages, answer: Answer) -> Response:
    """The response that carries the answer to the client."""
    if answer.destination.mode is ResponseMode.FORM_POST:
        return _form(pages, answer)
    return leave(answer.location)


async def authorize(authorization: Authorization, pages: Pages, query: str, sign_on: LiveSignOn | None) -> Response:
    """Answer an authorization request, or lead the person to the page that comes first."""
    outcome = await authorization.decide(query, sign_on)
    if isinstance(outcome, Detour):
        return go(_path(outcome))
    return response_to(pages, outcome)


async def origin_after(requests: AuthorizationRequests, goal: Goal) -> str | None:
    """The origin of the application that a form leads to in the end; None if the goal is no authorization request, or
    one that is refused."""
    query = goal.authorization_query
    try:
        return None if query is None else origin_of((await requests.read(query)).destination.redirect_uri)
    except (AuthorizationFailed, BadRequest):
        return None


async def query_of_form(request: Request) -> str:
    """The parameters of a form that any site may have sent, as a query. Raises FormMalformed, TooLarge, and
    AuthorizationMalformed."""
    return Parameters.of(await text_of(request)).encode()


def _path(detour: Detour) -> str:
    if detour.page is Page.CONSENT:
        return f"/consent?{detour.query}"
    goal = Goal.of_authorization(detour.query)
    if detour.page is Page.SIGN_UP:
        return goal.sign_up_path
    pages = {
        Page.ADD_SECOND_FACTOR: SECURITY,
        Page.CHANGE_PASSWORD: CHANGE_PASSWORD,
        Page.SIGN_IN: SIGN_IN,
        Page.STRONGER: STRONGER,
    }
    return goal.path_after(pages[detour.page])


def _form(pages: Pages, answer: Answer) -> Response:
    """The page with the form, which a script of ours sends. Without scripts, the person does."""
    uri = answer.destination.redirect_uri
    response = pages.page("form_post.html", "form_post", action=uri, fields=answer.parameters)
    response.headers.update(page_fields(origin_of(uri), scripts=True))
    return response
