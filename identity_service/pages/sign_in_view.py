"""The page that signs people on, as it is shown."""

from typing import Any, NamedTuple

from starlette.responses import Response

from identity_service.authentication.passkey_prompts import PasskeyPrompts
from identity_service.errors import InvalidCredentials
from identity_service.factors.challenges import Purpose
from identity_service.factors.passkey_errors import PasskeyRefused
from identity_service.oauth.authorization.request import AuthorizationRequest
from identity_service.oauth.authorization.requests import AuthorizationRequests
from identity_service.pages.forms import Flaw, Form
from identity_service.pages.goals import FORGOT_PASSWORD, Goal
from identity_service.pages.rendering import Pages
from identity_service.pages.way_on import let_form_lead_to
from identity_service.sign_ons.values import LiveSignOn
from watchword.errors import AppError
from watchword.http import problem
from watchword.service.page_refusals import copy_fields


class Place(NamedTuple):
    """What a person signs in for: the goal, with its authorization request if it is one; and the sign-on that is
    renewed, if one is."""

    goal: Goal
    sign_on: LiveSignOn | None
    authorization: AuthorizationRequest | None

    @property
    def renewed(self) -> LiveSignOn | None:
        """The sign-on whose owner is asked again. On the way to an application, somebody else may sign in."""
        return self.sign_on if self.authorization is None else None


class SignInView:
    """Shows the page: it asks for a name and a password, or for the password alone of a person who is signed on; and
    for a passkey in its place."""

    def __init__(self, pages: Pages, requests: AuthorizationRequests, prompts: PasskeyPrompts) -> None:
        self._pages = pages
        self._requests = requests
        self._prompts = prompts

    async def authorization(self, goal: Goal) -> AuthorizationRequest | None:
        """The authorization request that the goal is. Raises as AuthorizationRequests.read does."""
        query = goal.authorization_query
        return await self._requests.read(query) if query is not None else None

    async def refused(self, place: Place, form: Form[Any], error: AppError, field: str) -> Response:
        """The page, which says why nobody was signed on. All refusals of credentials look alike, and so do all of
        passkeys."""
        answer = problem(error)
        flaw = Flaw(field, error.code, answer.headers.get("retry-after"))
        page = await self.page(place, Form(form.values, None, (flaw,)))
        if not isinstance(error, (InvalidCredentials, PasskeyRefused)):
            page.status_code = answer.status_code
        return copy_fields(answer, page)

    async def page(self, place: Place, form: Form[Any]) -> Response:
        authorization, renewed = place.authorization, place.renewed
        words = {
            "path": place.goal.sign_in_path,
            "sign_up_path": place.goal.sign_up_path,
            "forgot_password_path": place.goal.path_before(FORGOT_PASSWORD),
            "username": renewed.username if renewed is not None else None,
            "application": authorization.client.name if authorization is not None else None,
            "passkey_path": place.goal.passkey_path,
            "passkey_options": await self._options(renewed),
        }
        page = self._pages.page("sign_in.html", "sign_in", form, **words)
        let_form_lead_to(page, authorization, scripts=words["passkey_options"] is not None)
        return page

    async def _options(self, renewed: LiveSignOn | None) -> dict[str, Any] | None:
        if renewed is None:
            return self._prompts.for_sign_in()
        return await self._prompts.for_user(Purpose.SIGN_IN, renewed.user_id)
