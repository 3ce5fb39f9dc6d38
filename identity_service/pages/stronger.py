"""The page between an application that wants a stronger sign-in and a person whose sign-on is too weak for it."""

from enum import StrEnum

from starlette.responses import Response

from identity_service.authentications import PHISHING_RESISTANT
from identity_service.clients.redirect_uris import origin_of
from identity_service.factor_acts.listing import FactorList
from identity_service.factors.ceremonies import Ceremonies
from identity_service.oauth.authorization.answers import Answers
from identity_service.oauth.authorization.errors import AuthorizationFailed, UnmetAuthenticationRequirements
from identity_service.oauth.authorization.request import AuthorizationRequest
from identity_service.oauth.authorization.requests import AuthorizationRequests
from identity_service.pages.authorization import response_to
from identity_service.pages.goals import SECURITY, STRONGER, Goal
from identity_service.pages.rendering import Pages, go, page_fields
from identity_service.sign_ons.values import LiveSignOn
from watchword.clock import Clock


class Lack(StrEnum):
    """What the person cannot show yet."""

    SECOND_FACTOR = "second_factor"
    PASSKEY = "passkey"
    PASSKEYS_HERE = "passkeys_here"
    """Browsers make no passkeys for this address."""


class StrongerPage:
    """Leads to adding the factor that is missing, and back to the authorization request, which is decided anew then. It
    goes on to the request by itself only when the person is authenticated as strongly as that asks, or nobody is signed
    on: so it and the authorization endpoint never lead to each other without end."""

    def __init__(
        self,
        pages: Pages,
        requests: AuthorizationRequests,
        answers: Answers,
        factors: FactorList,
        ceremonies: Ceremonies,
        *,
        clock: Clock,
    ) -> None:
        self._pages = pages
        self._requests = requests
        self._answers = answers
        self._factors = factors
        self._ceremonies = ceremonies
        self._clock = clock

    async def show(self, goal: Goal, sign_on: LiveSignOn | None) -> Response:
        """The page. A person who has what is asked for, and did not use it, is led to the page that signs in."""
        request = await self._read(goal)
        if request is None or sign_on is None or not request.asks_for_more_than(sign_on.authentication):
            return go(goal.path)
        lack = await self._lack(request, sign_on)
        if lack is None:
            query = request.query_after_fresh_sign_in(self._clock.now())
            return go(Goal.of_authorization(query).sign_in_path)
        response = self._pages.page(
            "stronger.html",
            "stronger",
            application=request.client.name,
            username=sign_on.username,
            lack=lack.value,
            add_path=goal.path_after(SECURITY),
            path=goal.path_after(STRONGER),
        )
        # The answer to the form leads back to the application, and browsers apply the policy to that as well.
        response.headers.update(page_fields(origin_of(request.destination.redirect_uri)))
        return response

    async def decline(self, goal: Goal) -> Response:
        """Tell the application that the person does not sign in more strongly."""
        request = await self._read(goal)
        if request is None:
            return go(goal.path)
        error = UnmetAuthenticationRequirements()
        return response_to(self._pages, self._answers.error(request.destination, error))

    async def _read(self, goal: Goal) -> AuthorizationRequest | None:
        """The authorization request that the goal is; None if it is none, or is refused at the redirect URI of its
        client, or shows no pages."""
        query = goal.authorization_query
        try:
            request = await self._requests.read(query) if query is not None else None
        except AuthorizationFailed:
            return None
        return request if request is not None and request.may_show_pages else None

    async def _lack(self, request: AuthorizationRequest, sign_on: LiveSignOn) -> Lack | None:
        """What the account lacks; None if it has what the request asks for."""
        factors = await self._factors.of(sign_on.user_id)
        if request.acr == PHISHING_RESISTANT:
            if not self._ceremonies.are_available:
                return Lack.PASSKEYS_HERE
            return None if factors.passkeys else Lack.PASSKEY
        return None if factors.app or factors.passkeys else Lack.SECOND_FACTOR
