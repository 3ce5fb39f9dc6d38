"""The authorization code flow of a test's issuer, for the tests of a service that signs people in on its pages."""

from base64 import b64decode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit
from uuid import uuid4

import httpx

from watchword.testing.issuer import Issuer, base64url

EXPIRES_IN: Final = 600


class _Grant(NamedTuple):
    """What a code or a refresh token stands for."""

    subject: str
    request: Mapping[str, str]
    options: Mapping[str, Any]
    id_token: Mapping[str, Any]


class CodeFlow:
    """The endpoints of `issuer` without a network: `transport` is what a service calls them with, and `authorize` is
    what a browser would do. Every client and every secret is accepted."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.revoked: list[str] = []
        self._codes: dict[str, _Grant] = {}
        self._sessions: dict[str, _Grant] = {}

    def authorize(
        self,
        url: str,
        subject: str | None = None,
        *,
        id_token: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> str:
        """The URL that a browser which comes to `url`, the authorization endpoint, is sent back to after a person has
        signed in. `options` are those of `Issuer.mint` for the access tokens, and `id_token` replaces members of the
        ID token. Unless `auth_time` says otherwise, the person has been authenticated just now."""
        options.setdefault("auth_time", int(self.issuer.clock.now().timestamp()))
        request = dict(parse_qsl(urlsplit(url).query))
        self._codes[code := str(uuid4())] = _Grant(subject or str(uuid4()), request, options, id_token or {})
        answer = {"code": code, "state": request["state"], "iss": self.issuer.url}
        return f"{request['redirect_uri']}?{urlencode(answer)}"

    def transport(self) -> httpx.AsyncBaseTransport:
        """A transport that answers in the place of the issuer."""
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        match request.url.path.rpartition("/")[2]:
            case "openid-configuration":
                return httpx.Response(200, json=self._metadata())
            case "token":
                return self._trade_in(form, unquote_plus(_basic_user(request)))
            case "revoke":
                self.revoked.append(form["token"])
                self._sessions.pop(form["token"], None)
                return httpx.Response(200)
        return httpx.Response(200, json=self.issuer.jwks())

    def _metadata(self) -> dict[str, str]:
        url = self.issuer.url
        paths = {"authorization": "authorize", "token": "token", "revocation": "revoke", "end_session": "logout"}
        endpoints = {f"{name}_endpoint": f"{url}/oauth/{path}" for name, path in paths.items()}
        return {"issuer": url, "jwks_uri": f"{url}/.well-known/jwks.json", **endpoints}

    def _trade_in(self, form: Mapping[str, str], client_id: str) -> httpx.Response:
        if "code" in form:
            grant, nonce = self._codes.pop(form["code"], None), True
            is_valid = grant is not None and _is_begun_by(form, grant.request)
        else:
            grant, nonce = self._sessions.pop(form["refresh_token"], None), False
            is_valid = grant is not None
        if grant is None or not is_valid:
            return httpx.Response(400, json={"error": "invalid_grant"})
        return httpx.Response(200, json=self._tokens(grant, client_id, has_nonce=nonce))

    def _tokens(self, grant: _Grant, client_id: str, *, has_nonce: bool) -> dict[str, Any]:
        self._sessions[refresh_token := str(uuid4())] = grant
        access_token = self.issuer.mint(grant.subject, expires_in=EXPIRES_IN, **grant.options)
        claims = {
            "aud": client_id,
            "at_hash": base64url(sha256(access_token.encode()).digest()[:16]),
            **({"nonce": grant.request["nonce"]} if has_nonce and "nonce" in grant.request else {}),
            **grant.id_token,
        }
        authenticated_at = grant.options["auth_time"]
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": EXPIRES_IN,
            "refresh_token": refresh_token,
            "id_token": self.issuer.mint(
                grant.subject, auth_time=authenticated_at, claims=claims, header={"typ": "JWT"}
            ),
        }


def _basic_user(request: httpx.Request) -> str:
    credentials = request.headers.get("authorization", "Basic Og==").removeprefix("Basic ")
    return b64decode(credentials).decode().partition(":")[0]


def _is_begun_by(form: Mapping[str, str], request: Mapping[str, str]) -> bool:
    """Whether the client that trades the code in has begun the sign-in (RFC 7636 section 4.6)."""
    challenge = base64url(sha256(form.get("code_verifier", "").encode()).digest())
    return (challenge, form.get("redirect_uri")) == (request.get("code_challenge"), request.get("redirect_uri"))
