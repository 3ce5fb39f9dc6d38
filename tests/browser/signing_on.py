"""Signing on at the pages of identity as a person would."""

import httpx
from playwright.async_api import Page, expect

from tests.support.services import PASSWORD, bearer, unique
from tests.support.stack import Stack

STALE = "UPDATE identity.sign_ons SET authenticated_at = authenticated_at - interval '11 minutes'"


async def registered(running: Stack, word: str = "ada") -> str:
    """The name of a person with an account."""
    username = unique(word)
    body = {"username": username, "email": f"{username}@example.com", "password": PASSWORD}
    async with httpx.AsyncClient(base_url=running.identity, trust_env=False) as http:
        assert (await http.post("/users", json=body)).status_code == 201
    return username


async def sign_in(running: Stack, username: str, password: str = PASSWORD) -> httpx.Response:
    """What the password grant answers: a program signs in, not a browser."""
    form = {"grant_type": "password", "username": username, "password": password, "resource": running.identity}
    async with httpx.AsyncClient(base_url=running.identity, trust_env=False) as http:
        return await http.post("/oauth/token", data=form)


async def is_live(running: Stack, tokens: httpx.Response) -> bool:
    """Whether the access token of this answer is accepted at identity."""
    async with httpx.AsyncClient(base_url=running.identity, trust_env=False) as http:
        answer = await http.get("/users/me", headers=bearer(tokens.json()["access_token"]))
    return answer.status_code == 200


async def sign_on(page: Page, running: Stack, username: str, password: str = PASSWORD) -> None:
    """Sign a person on, who then sees the account."""
    await page.goto(f"{running.identity}/sign-in")
    await page.get_by_label("Username or e-mail address").fill(username)
    await page.get_by_label("Password", exact=True).fill(password)
    await press(page, "Sign in", "Your account")


async def press(page: Page, button: str, heading: str) -> None:
    """Press the button, and see the page with this heading."""
    await page.get_by_role("button", name=button).click()
    await see(page, heading)


async def see(page: Page, heading: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
