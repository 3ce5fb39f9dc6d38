"""An application that signs people in by a redirect, and their browsers on the way (RFC 6749 section 4.1)."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import httpx

from identity_service.clients.models import Client, hash_secret
from tests.identity.browsing import Browsing
from tests.support.services import IDENTITY_URL, PASSWORD, POSTS_URL, Identity

AUTHORIZE = "/oauth/authorize"
STATE = "state-of-the-application"
VERIFIER = "verifier-of-the-application-0123456789-abcdef"
_MAX_REDIRECTS = 8


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True)
class Application:
    """A client of identity. Without a secret it is public."""

    id: str = "app"
    redirect_uri: str = "https://app.example/callback"
    secret: str | None = None

    def query(self, **changes: Any) -> str:
        """The query of an authorization request; a parameter that is None is left out, and a list is repeated."""
        parameters = {
            "client_id": self.id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            "state": STATE,
            **changes,
        }
        return urlencode({name: value for name, value in parameters.items() if value is not None}, doseq=True)

    def path(self, **changes: Any) -> str:
        return f"{AUTHORIZE}?{self.query(**changes)}"

    async def exchange(self, identity: Identity, code: str | None, **changes: Any) -> httpx.Response:
        """The token endpoint's answer to the code; a field that is None is left out."""
        form = {
            "grant_type": "authorization_code",
            "client_id": self.id,
            "client_secret": self.secret,
            "redirect_uri": self.redirect_uri,
            "code_verifier": VERIFIER,
            "code": code,
            **changes,
        }
        return await identity.token(**{name: value for name, value in form.items() if value is not None})


async def application(identity: Identity, app_id: str = "app", secret: str | None = None, **fields: Any) -> Application:
    """Register a client, which is a first-party one of posts unless the fields of its Client say something else."""
    app = Application(app_id, secret=secret)
    client = Client(
        app.id,
        "The application",
        hash_secret(secret) if secret is not None else None,
        grants=["authorization_code", "refresh_token"],
        scopes=["posts:write"],
        audiences=[POSTS_URL],
        default_audience=POSTS_URL,
        is_first_party=True,
        redirect_uris=[app.redirect_uri],
    )
    await identity.parts.clients.upsert(replace(client, **fields))
    return app


def answer_of(response: httpx.Response, app: Application) -> dict[str, str]:
    """The parameters of a redirect to the application."""
    location = response.headers["Location"]
    assert response.status_code == 303
    assert location.startswith(f"{app.redirect_uri}?"), location
    return dict(httpx.URL(location).params)


async def authorize(browser: Browsing, app: Application, **changes: Any) -> dict[str, str]:
    """Open an authorization request in a browser that is signed on, and return the parameters of the answer."""
    return answer_of(await browser.http.get(app.path(**changes)), app)


async def sign_in(browser: Browsing, app: Application, username: str = "ada", **changes: Any) -> dict[str, str]:
    """Open an authorization request, sign in on the page that it leads to, and return the parameters of the answer."""
    page = (await browser.http.get(app.path(**changes))).headers["Location"]
    assert page.startswith("/sign-in?"), page
    response = await browser.send(page, {"login": username, "password": PASSWORD})
    for _ in range(_MAX_REDIRECTS):
        assert response.status_code == 303, response.text
        location = response.headers["Location"]
        if not location.startswith("/"):
            break
        response = await browser.http.get(location)
    return answer_of(response, app)


async def code_of(browser: Browsing, app: Application, **changes: Any) -> str:
    """A code, for a person who is signed on in this browser."""
    answer = await authorize(browser, app, **changes)
    assert answer.keys() == {"code", "state", "iss"}, answer
    assert (answer["state"], answer["iss"]) == (STATE, IDENTITY_URL)
    return answer["code"]


async def tokens_by_code(browser: Browsing, identity: Identity, app: Application, **changes: Any) -> dict[str, Any]:
    """The tokens of an application, for a person who is signed on in this browser."""
    response = await app.exchange(identity, await code_of(browser, app, **changes))
    assert response.status_code == 200, response.text
    return dict(response.json())
