"""What the authorization endpoint refuses: on a page of ours while it is not known to whom the answer may go, and
otherwise by the client's redirect URI (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6)."""

from identity_service.oauth.authorization.answers import Destination
from identity_service.oauth.errors import InvalidRequest, OAuthError
from watchword.errors import BadRequest


class AuthorizationMalformed(BadRequest):
    code = "authorization_malformed"
    detail = "The request of the application could not be read."


class ApplicationUnknown(BadRequest):
    code = "application_unknown"
    detail = "There is no such application."


class RedirectUriUnregistered(BadRequest):
    """The client gets no answer: the address may be somebody else's (RFC 9700 section 4.1)."""

    code = "redirect_uri_unregistered"
    detail = "The application did not register the address that the answer is to be sent to."


class ChallengeRequired(InvalidRequest):
    description = "A code_challenge with code_challenge_method=S256 is required (RFC 7636)."


class PromptNotSupported(InvalidRequest):
    description = "A value of prompt is not supported: see prompt_values_supported in the metadata."


class AccessDenied(OAuthError):
    error = "access_denied"
    description = "The person did not allow it."


class UnsupportedResponseType(OAuthError):
    error = "unsupported_response_type"
    description = "The only response type is code."


class LoginRequired(OAuthError):
    error = "login_required"
    description = "The person must sign in, which prompt=none does not allow."


class WrongPerson(LoginRequired):
    description = "Another person than the one of the id_token_hint has signed in."


class ConsentRequired(OAuthError):
    error = "consent_required"
    description = "The person must be asked for consent, which prompt=none does not allow."


class InteractionRequired(OAuthError):
    error = "interaction_required"
    description = "The person must do something on a page first, which prompt=none does not allow."


class UnmetAuthenticationRequirements(OAuthError):
    """OpenID Connect Core Error Code unmet_authentication_requirements 1.0."""

    error = "unmet_authentication_requirements"
    description = "The person does not sign in as strongly as acr_values asks."


class TemporarilyUnavailable(OAuthError):
    """RFC 6749 section 4.1.2.1 has no other error for a client that may come again later."""

    error = "temporarily_unavailable"
    description = "The person has signed in to applications too often; try again later."


class RequestNotSupported(OAuthError):
    error = "request_not_supported"
    description = "The parameter request is not supported."


class RequestUriNotSupported(OAuthError):
    error = "request_uri_not_supported"
    description = "The parameter request_uri is not supported."


class AuthorizationFailed(Exception):
    """An error that the client is told at its redirect URI."""

    def __init__(self, destination: Destination, error: OAuthError) -> None:
        super().__init__(error.error)
        self.destination = destination
        self.error = error
