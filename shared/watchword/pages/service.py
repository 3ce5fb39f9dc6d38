"""Signing in and out on the pages of one service: the steps, without HTTP."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest
from typing import Final, NamedTuple
from urllib.parse import urlencode

from watchword.auth.errors import InvalidToken, KeysUnavailable
from watchword.clock import Clock
from watchword.errors import AppError
from watchword.lines import one_line
from watchword.pages.errors import (
    AccessDenied,
    IssuerUnavailable,
    SignInFailed,
    SignInRefused,
    StrongerSignInDeclined,
)
from watchword.pages.id_token import IdTokens
from watchword.pages.issuer_client import IssuerClient
from watchword.pages.settings import PagesSettings
from watchword.pages.sign_in_request import SignInRequest
from watchword.pages.values import LOGIN_REQUIRED, Answer, PageSession, PendingSignIn, Tokens

# Other errors of the authorization endpoint are faults of the set-up (RFC 6749 section 4.1.2.1).
_REFUSALS: Final[dict[str, type[AppError]]] = {
    "access_denied": AccessDenied,
    LOGIN_REQUIRED: SignInRefused,
    "interaction_required": SignInRefused,
    "consent_required": AccessDenied,
    # OpenID Connect Core Error Code unmet_authentication_requirements 1.0.
    "unmet_authentication_requirements": StrongerSignInDeclined,
    "server_error": IssuerUnavailable,
    "temporarily_unavailable": IssuerUnavailable,
}


class SignedOut(NamedTuple):
    """The end of a session here. `is_revoked` is whether it has ended at the issuer too, and `continue_at` is where the
    person can sign out there; None if the issuer has no such page, or if nobody was signed in."""

    is_revoked: bool
    continue_at: str | None


class SignIns:
    def __init__(self, settings: PagesSettings, issuer: IssuerClient, clock: Clock) -> None:
        self._settings = settings
        self._issuer = issuer
        self._id_tokens = IdTokens(settings, clock)
        self._clock = clock

    async def begin(self, request: SignInRequest, session: PageSession | None = None) -> tuple[str, PendingSignIn]:
        """The URL at which the person signs in, and what to remember until then. A request that asks for more of the
        person of a session is about nobody else, and a Watchword issuer lets that session go on."""
        pending = PendingSignIn.begin(request, self._now())
        parameters = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._settings.redirect_uri,
            "scope": self._settings.scope,
            "resource": self._settings.audience,
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": code_challenge(pending.verifier),
            "code_challenge_method": "S256",
            **request.demands,
        }
        if session is not None and request.asks_for_more:
            parameters["id_token_hint"] = session.id_token
        return _with_query((await self._issuer.metadata()).authorization_endpoint, parameters), pending

    async def finish(self, answer: Answer, pending: PendingSignIn | None) -> PageSession:
        """The session that the issuer's answer leads to. Raises SignInRefused if `pending` is not this sign-in, or if
        the answer cannot be trusted; SignInTooOld if it does not meet the `max_age` of the page. The guards judge
        whether it meets the `acr_values`, which an issuer may ignore."""
        pending = _ensure_begun(answer, pending, self._now())
        if answer.issuer != self._settings.issuer:
            raise SignInRefused(f"another issuer than {self._settings.issuer} answers")
        if answer.error:
            reason = f"the issuer answers {one_line(answer.error)}"
            raise _REFUSALS.get(answer.error, SignInFailed)(reason)
        if not answer.code:
            raise SignInRefused("the answer has no code")
        tokens = await self._issuer.exchange(answer.code, pending.verifier)
        try:
            await self._ensure_valid(tokens, pending)
        except AppError:
            # Otherwise the person would find a session in their list that no browser has.
            await self._revoke(tokens.refresh_token)
            raise
        return PageSession(tokens.refresh_token, tokens.id_token)

    async def refresh(self, session: PageSession) -> tuple[Tokens, PageSession]:
        """An access token, and the session as it is from now on. Raises NotSignedIn if it has ended."""
        tokens = await self._issuer.refresh(session)
        # Its ID token is for the issuer alone, who gets it back, so it need not be verified here.
        return tokens, PageSession(tokens.refresh_token, tokens.id_token)

    async def sign_out(self, session: PageSession | None) -> SignedOut:
        """End the session at the issuer. If that is away, the person is signed out here alone."""
        if session is None:
            return SignedOut(is_revoked=True, continue_at=None)
        is_revoked = await self._revoke(session.refresh_token)
        return SignedOut(is_revoked, await self._sign_out_url(session))

    async def _revoke(self, refresh_token: str) -> bool:
        """End a session at the issuer, if that answers. Whether it has ended there."""
        try:
            await self._issuer.revoke(refresh_token)
        except (IssuerUnavailable, SignInFailed):
            return False
        return True

    async def _sign_out_url(self, session: PageSession) -> str | None:
        """Where the person signs out at the issuer (OpenID Connect RP-Initiated Logout section 2)."""
        try:
            endpoint = (await self._issuer.metadata()).end_session_endpoint
        except IssuerUnavailable:
            endpoint = None
        if endpoint is None:
            return None
        parameters = {
            "id_token_hint": session.id_token,
            "client_id": self._settings.client_id,
            "post_logout_redirect_uri": f"{self._settings.origin}/",
        }
        return _with_query(endpoint, parameters)

    async def _ensure_valid(self, tokens: Tokens, pending: PendingSignIn) -> None:
        try:
            await self._id_tokens.ensure_valid(tokens, await self._issuer.keys(), pending)
        except InvalidToken as error:
            raise SignInRefused(f"the ID token is not valid: {error.reason}") from None
        except KeysUnavailable as error:
            raise IssuerUnavailable(error.reason) from None

    def _now(self) -> float:
        return self._clock.now().timestamp()


def code_challenge(verifier: str) -> str:
    """The S256 challenge of a code verifier (RFC 7636 section 4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def _ensure_begun(answer: Answer, pending: PendingSignIn | None, now: float) -> PendingSignIn:
    if pending is None:
        raise SignInRefused("no sign-in was begun in this browser, or it has been answered before")
    if not compare_digest(pending.state.encode(), answer.state.encode()):
        raise SignInRefused("the state of another sign-in")
    if now >= pending.expires_at:
        raise SignInRefused("the sign-in took too long")
    return pending


def _with_query(url: str, parameters: dict[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}"
