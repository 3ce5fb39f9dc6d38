"""Signing on in a browser, which is the cookie jar of the service's client."""

from collections.abc import Mapping
from http.cookies import Morsel, SimpleCookie

import httpx

from tests.support.services import IDENTITY_URL, PASSWORD, Identity

COOKIE = "watchword_sign_on_8001"
ORIGIN = {"Origin": IDENTITY_URL}


async def submit(identity: Identity, path: str, headers: Mapping[str, str] = ORIGIN, **fields: str) -> httpx.Response:
    form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    return await identity.http.post(path, data=fields, headers=form)


async def sign_on(identity: Identity, login: str = "ada", password: str = PASSWORD) -> str:
    """Sign on, which must succeed. Returns the secret in the cookie."""
    answer = await submit(identity, "/sign-in", login=login, password=password)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account"), answer.text
    return cookie_of(answer).value


async def register_and_sign_on(identity: Identity, username: str = "ada") -> str:
    await identity.register(username)
    return await sign_on(identity, username)


def use(identity: Identity, secret: str) -> None:
    """Put this secret into the browser, and nothing else."""
    identity.http.cookies.clear()
    identity.http.cookies.set(COOKIE, secret)


async def who(identity: Identity, secret: str | None = None) -> str | None:
    """The username on the page of the account, for the secret or that of the browser; None if nobody is signed on."""
    if secret is not None:
        use(identity, secret)
    answer = await identity.http.get("/account")
    if answer.status_code == 303:
        assert answer.headers["Location"] == "/sign-in?return=/account"
        return None
    assert answer.status_code == 200
    return answer.text.partition("<dd>")[2].partition("</dd>")[0]


def cookies_of(answer: httpx.Response, name: str = COOKIE) -> list[Morsel[str]]:
    lines = [SimpleCookie(line) for line in answer.headers.get_list("set-cookie") if not line.startswith("=")]
    return [line[name] for line in lines if name in line]


def cookie_of(answer: httpx.Response, name: str = COOKIE) -> Morsel[str]:
    (cookie,) = cookies_of(answer, name)
    return cookie
