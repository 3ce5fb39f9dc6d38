"""What happens to an authorization request: an answer to the client, or a page on which the person does something first
and which then leads back here. Nothing is stored on the way: the query has it all."""

import logging
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple

from identity_service.authorization_codes.service import AuthorizationCodes
from identity_service.authorization_codes.values import Allowance
from identity_service.consents.service import Consents
from identity_service.errors import AccountChanged
from identity_service.limits import Limits
from identity_service.oauth.authorization.answers import Answer, Answers
from identity_service.oauth.authorization.errors import (
    AuthorizationFailed,
    ConsentRequired,
    InteractionRequired,
    LoginRequired,
    TemporarilyUnavailable,
    WrongPerson,
)
from identity_service.oauth.authorization.request import AuthorizationRequest
from identity_service.oauth.authorization.requests import AuthorizationRequests
from identity_service.oauth.errors import OAuthError
from identity_service.sign_ons.values import LiveSignOn
from watchword.clock import Clock
from watchword.limits import LimitReached
from watchword.lines import one_line

logger = logging.getLogger("identity.oauth")


class Page(Enum):
    """Where a person does something before the client gets its answer."""

    SIGN_UP = auto()
    SIGN_IN = auto()
    CHANGE_PASSWORD = auto()
    ADD_SECOND_FACTOR = auto()
    STRONGER = auto()
    CONSENT = auto()


class Detour(NamedTuple):
    """A page, and the query of the authorization request that goes on after it."""

    page: Page
    query: str


class Authorization:
    """The authorization endpoint."""

    def __init__(
        self,
        requests: AuthorizationRequests,
        consents: Consents,
        codes: AuthorizationCodes,
        limits: Limits,
        *,
        answers: Answers,
        clock: Clock,
    ) -> None:
        self._requests = requests
        self._consents = consents
        self._codes = codes
        self._limits = limits
        self._answers = answers
        self._clock = clock

    async def decide(self, query: str, sign_on: LiveSignOn | None) -> Answer | Detour:
        """Answer the request in this query of a person with this sign-on, or lead the person elsewhere first.

        Raises AuthorizationMalformed, ApplicationUnknown, RedirectUriUnregistered.
        """
        try:
            return await self._decide(query, sign_on)
        except AuthorizationFailed as failure:
            error = failure.error
            reason = one_line(error.reason or error.description)
            logger.info("refused: %s (%s)", reason, error.error, extra={"error": error.error, "reason": reason})
            return self._answers.error(failure.destination, error)

    async def _decide(self, query: str, sign_on: LiveSignOn | None) -> Answer | Detour:
        # 1. What does the client ask for, and may it?
        request = await self._requests.read(query)
        # 2. Who is the person, and was it a short enough time ago that they proved it?
        now = self._clock.now()
        if request.asks_to_sign_up:
            return Detour(Page.SIGN_UP, request.query_after_fresh_sign_in(now))
        if sign_on is None or request.asks_to_sign_in(sign_on.authentication.at, now):
            return _detour(request, LoginRequired(), Page.SIGN_IN, request.query_after_sign_in(now))
        if not request.may_be_about(sign_on.user_id):
            return _detour_for_expected_person(request, now)
        # 3. Did somebody else choose the password, or lacks the account a second factor that it must have? The pages
        # for that need a fresh sign-in.
        page = _page_of_duty(sign_on)
        if page is not None and not sign_on.is_fresh(now):
            return _detour(request, InteractionRequired(), Page.SIGN_IN, request.query_after_fresh_sign_in(now))
        if page is not None:
            return _detour(request, InteractionRequired(), page, request.query)
        # 4. Was the person authenticated as strongly as the client asks?
        if request.asks_for_more_than(sign_on.authentication):
            return _detour(request, LoginRequired(), Page.STRONGER, request.query)
        # 5. Has the person allowed it?
        if await self._needs_consent(request, sign_on):
            return _detour(request, ConsentRequired(), Page.CONSENT, request.query)
        # 6. The code.
        try:
            await self._limits.ensure_may_authorize(sign_on.user_id)
        except LimitReached as error:
            raise AuthorizationFailed(request.destination, TemporarilyUnavailable(error.reason)) from None
        try:
            code = await self._codes.issue(sign_on, _allowance(request))
        except AccountChanged:
            return _detour(request, LoginRequired(), Page.SIGN_IN, request.query)
        return self._answers.code(request.destination, code)

    async def _needs_consent(self, request: AuthorizationRequest, sign_on: LiveSignOn) -> bool:
        """Whether the person must be asked. A first-party client belongs to the installation that they sign in to, and
        needs consent only if it wants that."""
        client = request.client
        if client.is_first_party or request.asks_for_consent:
            return request.asks_for_consent
        return not await self._consents.covers(sign_on.user_id, client.id, request.scopes)


def _page_of_duty(sign_on: LiveSignOn) -> Page | None:
    """The page of what the person must do before anything else; None if there is nothing."""
    if sign_on.must_change_password:
        return Page.CHANGE_PASSWORD
    return Page.ADD_SECOND_FACTOR if sign_on.must_add_second_factor else None


def _detour(request: AuthorizationRequest, refusal: OAuthError, page: Page, query: str) -> Detour:
    """Lead the person to the page; refuse that if the client wants none to be shown."""
    if not request.may_show_pages:
        raise AuthorizationFailed(request.destination, refusal)
    return Detour(page, query)


def _detour_for_expected_person(request: AuthorizationRequest, now: datetime) -> Detour:
    """Lead to the sign-in page, for the person whom the client expects. Raises AuthorizationFailed if a person has
    signed in for this request already: it was somebody else."""
    if request.authenticated_after is not None:
        raise AuthorizationFailed(request.destination, WrongPerson())
    return _detour(request, LoginRequired(), Page.SIGN_IN, request.query_after_fresh_sign_in(now))


def _allowance(request: AuthorizationRequest) -> Allowance:
    return Allowance(
        request.client.id,
        request.destination.redirect_uri,
        request.code_challenge,
        request.scopes,
        request.names_scopes,
        request.audiences,
        request.nonce,
        request.continued_session_id,
    )
