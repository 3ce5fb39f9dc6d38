"""The page that asks a person whether an application may use the account, and what it answers."""

from urllib.parse import urlsplit

from starlette.responses import Response

from identity_service.clients.redirect_uris import origin_of
from identity_service.consents.service import Consents
from identity_service.oauth.authorization.answers import Answers
from identity_service.oauth.authorization.errors import AccessDenied, AuthorizationFailed
from identity_service.oauth.authorization.request import AuthorizationRequest
from identity_service.oauth.authorization.requests import AuthorizationRequests
from identity_service.pages.authorization import response_to
from identity_service.pages.errors import FormMalformed
from identity_service.pages.forms import Choice, Form
from identity_service.pages.goals import CONSENT, Goal
from identity_service.pages.rendering import Pages, go, page_fields
from identity_service.services.service import Services
from identity_service.sign_ons.values import LiveSignOn
from watchword.loopback import is_loopback


class ConsentPage:
    """Asks for what the authorization request in a query needs. Whatever the person chooses, the authorization endpoint
    decides anew; a request that is not valid, or needs no consent by now, goes on to it at once."""

    def __init__(
        self,
        pages: Pages,
        requests: AuthorizationRequests,
        answers: Answers,
        consents: Consents,
        services: Services,
    ) -> None:
        self._pages = pages
        self._requests = requests
        self._answers = answers
        self._consents = consents
        self._services = services

    async def show(self, query: str, sign_on: LiveSignOn) -> Response:
        """The page; what the person has allowed the client before is shown apart from what it asks for in addition."""
        request = await self._read(query)
        if request is None or not request.may_show_pages:
            return _go_on(query)
        present = await self._consents.scopes_of(sign_on.user_id, request.client.id) & set(request.scopes)
        requested = set(request.scopes) - present
        if not request.asks_for_consent and (request.client.is_first_party or not requested):
            return _go_on(request.query)
        uri = request.destination.redirect_uri
        response = self._pages.page(
            "consent.html",
            "consent",
            application=request.client.name,
            host=_host(uri),
            username=sign_on.username,
            user_id=sign_on.user_id,
            scopes=_joined(request),
            requested=await self._services.describe(requested),
            present=await self._services.describe(present),
            path=f"{CONSENT}?{request.query}",
            other_account_path=Goal.of_authorization(request.query_for_other_account()).path,
        )
        # The answer to this form leads on to the application, and browsers apply the policy to that as well.
        response.headers.update(page_fields(origin_of(uri)))
        return response

    async def submit(self, query: str, sign_on: LiveSignOn, form: Form[Choice]) -> Response:
        """Remember what the person allows, or tell the client that they do not.

        The page is shown again if it was shown to somebody else, who was signed on in this browser then, or with other
        scopes. Raises FormMalformed.
        """
        if form.model is None:
            raise FormMalformed("not the fields of the page")
        request = await self._read(query)
        if request is None:
            return _go_on(query)
        if (form.model.user, form.model.scopes) != (sign_on.user_id, _joined(request)):
            return go(f"{CONSENT}?{request.query}")
        if form.model.choice == "deny":
            return response_to(self._pages, self._answers.error(request.destination, AccessDenied()))
        await self._consents.give(sign_on, request.client, request.scopes)
        return _go_on(request.query_after_consent())

    async def _read(self, query: str) -> AuthorizationRequest | None:
        """The request; None if it is refused at the redirect URI of its client."""
        try:
            return await self._requests.read(query)
        except AuthorizationFailed:
            return None


def _host(uri: str) -> str | None:
    """The host and port of the redirect URI; None for an application on the person's own device (RFC 8252)."""
    url = urlsplit(uri)
    return url.netloc if url.scheme in ("http", "https") and not is_loopback(url.hostname) else None


def _joined(request: AuthorizationRequest) -> str:
    return " ".join(sorted(request.scopes))


def _go_on(query: str) -> Response:
    """Go on to the authorization endpoint."""
    return go(Goal.of_authorization(query).path)
