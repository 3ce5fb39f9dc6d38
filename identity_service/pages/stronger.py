"""The page between an application that wants a stronger sign-in and a person whose sign-on is too weak for it."""

from enum import StrEnum
from typing import Any

from starlette.responses import Response

from identity_service.authentication.passkey_prompts import Options, PasskeyPrompts
from identity_service.authentications import PHISHING_RESISTANT
from identity_service.factor_acts.listing import FactorList
from identity_service.factors.challenges import Purpose
from identity_service.oauth.authorization.answers import Answers
from identity_service.oauth.authorization.errors import AuthorizationFailed, UnmetAuthenticationRequirements
from identity_service.oauth.authorization.request import AuthorizationRequest
from identity_service.oauth.authorization.requests import AuthorizationRequests
from identity_service.pages.authorization import response_to
from identity_service.pages.goals import SECURITY, STRONGER, Goal
from identity_service.pages.rendering import Pages, go
from identity_service.pages.security_paths import PASSKEYS
from identity_service.pages.way_on import let_form_lead_to
from identity_service.sign_ons.values import LiveSignOn
from watchword.clock import Clock


class Need(StrEnum):
    """What the person must do, and the text that says so."""

    ADD_SECOND_FACTOR = "second_factor"
    ADD_PASSKEY = "passkey"
    USE_PASSKEY = "use_passkey"
    GIVE_UP = "no_passkeys"
    """Browsers have no passkeys for this address."""
    SIGN_IN = "sign_in"
    """With the second factor that the account has: another page asks for it."""


class StrongerPage:
    """Asks for a passkey, or leads to adding the factor that is missing, and back to the authorization request, which
    is decided anew then. It goes on to the request by itself only when the person is authenticated as strongly as that
    asks, or nobody is signed on: so it and the authorization endpoint never lead to each other without end."""

    def __init__(
        self,
        pages: Pages,
        requests: AuthorizationRequests,
        answers: Answers,
        factors: FactorList,
        prompts: PasskeyPrompts,
        *,
        clock: Clock,
    ) -> None:
        self._pages = pages
        self._requests = requests
        self._answers = answers
        self._factors = factors
        self._prompts = prompts
        self._clock = clock

    async def show(self, goal: Goal, sign_on: LiveSignOn | None) -> Response:
        """The page; nobody has to see it who need not sign in more strongly."""
        request = await self._read(goal)
        if request is None or sign_on is None or not request.asks_for_more_than(sign_on.authentication):
            return go(goal.path)
        need, options = await self._need(request, sign_on)
        if need is Need.SIGN_IN:
            query = request.query_after_fresh_sign_in(self._clock.now())
            return go(Goal.of_authorization(query).sign_in_path)
        is_passkey = need in (Need.ADD_PASSKEY, Need.USE_PASSKEY)
        words: dict[str, Any] = {
            "need": need.value,
            "application": request.client.name,
            "username": sign_on.username,
            "path": goal.path_after(STRONGER),
            "add_path": goal.path_after(PASSKEYS if is_passkey else SECURITY),
            "passkey_path": goal.passkey_path,
            "passkey_options": options,
        }
        response = self._pages.page("stronger.html", "stronger", **words)
        let_form_lead_to(response, request, scripts=options is not None)
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

    async def _need(self, request: AuthorizationRequest, sign_on: LiveSignOn) -> tuple[Need, Options | None]:
        """What the person must do, and with which passkeys."""
        if request.acr == PHISHING_RESISTANT:
            if not self._prompts.are_available:
                return Need.GIVE_UP, None
            # The answer is one to the sign-in page, which lets the sign-on of the same person go on.
            options = await self._prompts.for_user(Purpose.SIGN_IN, sign_on.user_id)
            return (Need.ADD_PASSKEY, None) if options is None else (Need.USE_PASSKEY, options)
        factors = await self._factors.of(sign_on.user_id)
        return (Need.SIGN_IN if factors.app or factors.passkeys else Need.ADD_SECOND_FACTOR), None
