"""A person at a browser, whom an application of their own signs in by a redirect to the running identity."""

import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any, Final

import httpx
import pyotp

from tests.support.services import PASSWORD, bearer, unique
from tests.support.stack import Stack

REDIRECT_URI: Final = "http://localhost/callback"


def new_application(running: Stack, audience: str, scope: str) -> str:
    """The id of a client with which a browser gets tokens for this service and for identity."""
    client_id = unique("pages")
    grants = ("--grant", "authorization_code", "--grant", "refresh_token", "--redirect-uri", REDIRECT_URI)
    scopes = ("--scope", "account", "--scope", scope, "--audience", running.identity, "--audience", audience)
    running.command("identity", "clients", "create", client_id, "--public", "--first-party", *grants, *scopes)
    return client_id


class BrowserPerson:
    """A person with an account, signed on in a browser, and the last tokens that the application got for them."""

    def __init__(self, http: httpx.AsyncClient, running: Stack, client_id: str, audience: str) -> None:
        self._http = http
        self._client_id = client_id
        self._identity = running.identity
        self._audience = audience
        self._tokens: dict[str, Any] = {}
        self._own_token = ""

    @property
    def headers(self) -> dict[str, str]:
        """With a token for the service."""
        return bearer(self._tokens["access_token"])

    async def register(self) -> None:
        username = unique("ada")
        body = {"username": username, "email": f"{username}@example.com", "password": PASSWORD}
        assert (await self._http.post(f"{self._identity}/users", json=body)).status_code == 201
        form, origin = {"login": username, "password": PASSWORD}, {"Origin": self._identity}
        answer = await self._http.post(f"{self._identity}/sign-in", data=form, headers=origin)
        assert answer.status_code == 303, answer.text

    async def authorize(self) -> None:
        """Get the tokens of a session that counts for what the browser's sign-on does."""
        verifier = secrets.token_urlsafe(48)
        query = {
            "client_id": self._client_id,
            "redirect_uri": REDIRECT_URI,
            "response_type": "code",
            "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "state": "a state",
            "resource": [self._identity, self._audience],
        }
        answer = await self._http.get(f"{self._identity}/oauth/authorize", params=query)
        code = httpx.URL(answer.headers["location"]).params["code"]
        form = {"code": code, "code_verifier": verifier, "redirect_uri": REDIRECT_URI, "resource": self._identity}
        self._tokens = await self._token(grant_type="authorization_code", **form)
        self._own_token = self._tokens["access_token"]
        await self.refresh()

    async def refresh(self) -> None:
        """Get another token for the service."""
        form = {"refresh_token": self._tokens["refresh_token"], "resource": self._audience}
        self._tokens = await self._token(grant_type="refresh_token", **form)

    async def add_app(self) -> None:
        """Add an authenticator app, as its owner does."""
        secret = (await self._act("POST", "totp")).json()["secret"]
        await self._act("POST", "totp/confirmation", {"code": pyotp.TOTP(secret).now()})

    async def remove_app(self) -> None:
        await self._act("DELETE", "totp")

    async def _act(self, method: str, name: str, body: object = None) -> httpx.Response:
        url = f"{self._identity}/users/me/{name}"
        answer = await self._http.request(method, url, json=body, headers=bearer(self._own_token))
        assert answer.is_success, answer.text
        return answer

    async def _token(self, **form: str) -> dict[str, Any]:
        answer = await self._http.post(f"{self._identity}/oauth/token", data={"client_id": self._client_id, **form})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())
