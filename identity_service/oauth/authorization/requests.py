"""Reading authorization requests, and judging them by what their clients may do."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from identity_service.clients.models import Client, ClientWithScopes
from identity_service.clients.narrowing import TokenRequest, audience_within, scopes_within
from identity_service.clients.redirect_uris import is_registered
from identity_service.clients.service import Clients
from identity_service.oauth.authorization.answers import Destination, ResponseMode
from identity_service.oauth.authorization.errors import (
    ApplicationUnknown,
    AuthorizationFailed,
    AuthorizationMalformed,
    ChallengeRequired,
    PromptNotSupported,
    RedirectUriUnregistered,
    RequestNotSupported,
    RequestUriNotSupported,
    UnsupportedResponseType,
)
from identity_service.oauth.authorization.parameters import AUTHENTICATED_AFTER, FORMER_MAX_AGE, Parameters
from identity_service.oauth.authorization.request import NONE, PROMPTS, AuthorizationRequest, milliseconds
from identity_service.oauth.errors import InvalidRequest, InvalidTarget, OAuthError, translate
from identity_service.tokens.reading import IdTokenHint, TokenReader
from watchword.auth.assurance import LEVELS
from watchword.clock import Clock
from watchword.errors import AppError

GRANT_TYPE: Final = "authorization_code"
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,13}", re.ASCII)
_MAX_NONCE_CHARACTERS: Final = 500

_CLOCKS_DIFFER_BY: Final = timedelta(minutes=1)
"""How far the clock of another process may be ahead."""


class AuthorizationRequests:
    def __init__(self, clients: Clients, reader: TokenReader, clock: Clock) -> None:
        self._clients = clients
        self._reader = reader
        self._clock = clock

    async def read(self, query: str) -> AuthorizationRequest:
        """The request in this query.

        Raises AuthorizationMalformed, ApplicationUnknown and RedirectUriUnregistered for the page that the person
        sees, and AuthorizationFailed for what the client is told.
        """
        # 1. Whose request is it, and where does the answer go?
        parameters = Parameters.of(query)
        client, scopes_by_audience = await self._client(parameters)
        destination = _destination(client, parameters)
        with _errors_sent_to(destination):
            # 2. Is it a request that this endpoint answers?
            _ensure_answerable(parameters)
            # 3. May the client have what it asks for?
            client.ensure_may_use(GRANT_TYPE)
            scope, resources = parameters.find("scope"), parameters.all("resource")
            scopes = scopes_within(scope, client.scopes)
            audiences = _audiences(client, resources)
            _ensure_target(TokenRequest(client, scopes_by_audience, scope, resources), scopes, audiences)
            # 4. What does it ask of the person?
            _number(parameters, FORMER_MAX_AGE)
            return AuthorizationRequest(
                client,
                destination,
                parameters,
                scopes,
                scope is not None,
                audiences,
                _code_challenge(parameters),
                _nonce(parameters),
                _prompts(parameters),
                _number(parameters, "max_age"),
                _acr(parameters),
                self._authenticated_after(parameters),
                await self._hint(client, parameters),
            )

    async def _client(self, parameters: Parameters) -> ClientWithScopes:
        client_id = parameters.find("client_id")
        if client_id is None:
            raise AuthorizationMalformed("lacks or repeats client_id")
        entry = await self._clients.find_with_scopes(client_id)
        if entry is None:
            raise ApplicationUnknown("unknown client_id")
        return entry

    def _authenticated_after(self, parameters: Parameters) -> int | None:
        """Raises InvalidRequest for a time to come: nobody could sign in so late."""
        after = _number(parameters, AUTHENTICATED_AFTER)
        if after is not None and after > milliseconds(self._clock.now() + _CLOCKS_DIFFER_BY):
            raise InvalidRequest(f"{AUTHENTICATED_AFTER} is in the future")
        return after

    async def _hint(self, client: Client, parameters: Parameters) -> IdTokenHint | None:
        """What the ID token says that the client sends; it may have expired. Raises InvalidRequest for one that is not
        ours, or was another client's: without it, the answer could be about somebody else than the client means."""
        hint = parameters.find("id_token_hint")
        if hint is None:
            return None
        id_token = await self._reader.read_id_token_hint(hint)
        if id_token is None or id_token.client_id != client.id:
            raise InvalidRequest("the id_token_hint is no ID token of this client")
        return id_token


@contextmanager
def _errors_sent_to(destination: Destination) -> Iterator[None]:
    """Turn each refusal of the block into AuthorizationFailed, which is answered to the client."""
    try:
        yield
    except OAuthError as error:
        raise AuthorizationFailed(destination, error) from None
    except AppError as error:
        if (translation := translate(error)) is not None:
            raise AuthorizationFailed(destination, translation) from None
        raise


def _destination(client: Client, parameters: Parameters) -> Destination:
    redirect_uri = parameters.find("redirect_uri")
    if redirect_uri is None:
        raise AuthorizationMalformed("lacks or repeats redirect_uri")
    if not is_registered(client, redirect_uri):
        raise RedirectUriUnregistered(f"{client.id} did not register the redirect URI")
    is_form = parameters.find("response_mode") == ResponseMode.FORM_POST
    mode = ResponseMode.FORM_POST if is_form else ResponseMode.QUERY
    return Destination(redirect_uri, mode, parameters.find("state"))


def _ensure_answerable(parameters: Parameters) -> None:
    """Raise OAuthError for what this endpoint does not offer."""
    if parameters.repeated:
        raise InvalidRequest("a parameter is repeated")
    if parameters.find("request") is not None:
        raise RequestNotSupported
    if parameters.find("request_uri") is not None:
        raise RequestUriNotSupported
    response_type = parameters.find("response_type")
    if response_type is None:
        raise InvalidRequest("lacks response_type")
    if response_type != "code":
        raise UnsupportedResponseType
    mode = parameters.find("response_mode")
    if mode is not None and mode not in list(ResponseMode):
        raise InvalidRequest("a response_mode other than query and form_post")


def _audiences(client: Client, resources: Sequence[str]) -> Sequence[str]:
    """The resources (RFC 8707 section 2.1), or all audiences of the client if the request names none."""
    if not set(resources) <= set(client.audiences):
        raise InvalidTarget("more than allowed")
    return sorted(set(resources)) or client.audiences


def _ensure_target(request: TokenRequest, scopes: Sequence[str], audiences: Sequence[str]) -> None:
    """Raise ScopeNotAllowed or AudienceNotAllowed if the code could be traded in for no token. With several resources,
    the client names one of them then."""
    if len(request.resources) < 2:
        default = request.default_audience(scopes if request.scope is not None else ())
        request.target(scopes, audience_within(request.resources, audiences, default))


def _code_challenge(parameters: Parameters) -> str:
    """RFC 7636 section 4.3. Without a method it would be `plain`, which the address of the page gives away."""
    challenge = parameters.find("code_challenge")
    if challenge is None or parameters.find("code_challenge_method") != "S256":
        raise ChallengeRequired
    if _CHALLENGE.fullmatch(challenge) is None:
        raise ChallengeRequired("the code_challenge is not the digest of a verifier")
    return challenge


def _nonce(parameters: Parameters) -> str | None:
    nonce = parameters.find("nonce")
    if nonce is not None and len(nonce) > _MAX_NONCE_CHARACTERS:
        raise InvalidRequest("the nonce is too long")
    return nonce


def _prompts(parameters: Parameters) -> frozenset[str]:
    """The prompts. Raises PromptNotSupported for an unknown one (Initiating User Registration 1.0 section 4.1): what a
    client asks for and does not get, it would take for done."""
    prompts = frozenset((parameters.find("prompt") or "").split(" ")) - {""}
    if NONE in prompts and len(prompts) > 1:
        raise InvalidRequest("prompt has none and something else")
    if not prompts.issubset(PROMPTS):
        raise PromptNotSupported
    return prompts


def _acr(parameters: Parameters) -> str | None:
    """The weakest of the levels that the client names (OpenID Connect Core section 3.1.2.1): each of them satisfies it.
    Values that no token of ours has are ignored; None if there is no other."""
    names = (parameters.find("acr_values") or "").split(" ")
    return next((level for level in LEVELS if level in names), None)


def _number(parameters: Parameters, name: str) -> int | None:
    text = parameters.find(name)
    if text is None:
        return None
    if _NUMBER.fullmatch(text) is None:
        raise InvalidRequest(f"{name} is not a number")
    return int(text)
