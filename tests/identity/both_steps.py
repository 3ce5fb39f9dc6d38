"""Accounts with a second factor, and their browsers on the way through both steps of a sign-in."""

from dataclasses import dataclass

import httpx

from tests.identity.browsing import Browsing
from tests.identity.second_factors import App, add_app, add_recovery_codes
from tests.support.services import PASSWORD, Identity

SECOND_FACTOR = "/sign-in/second-factor"
HALF_OPEN = "watchword_half_open_8001"
WRONG_CODE = "not-a-code"


@dataclass
class Codes:
    """What the owner of an account can type."""

    identity: Identity
    app: App
    recovery_codes: list[str]

    def code(self, steps: int = 0) -> str:
        """The code that the app shows at this moment, or so many steps later."""
        return self.app.code(self.identity.parts.clock.now(), steps=steps)


async def add_codes(identity: Identity, user_id: str) -> Codes:
    """Give the account an authenticator app and recovery codes. The code of this moment is unused."""
    return Codes(identity, await add_app(identity, user_id), await add_recovery_codes(identity, user_id))


async def register_with_codes(identity: Identity, username: str = "ada") -> Codes:
    return await add_codes(identity, await identity.register(username))


async def send_password(browser: Browsing, username: str = "ada", path: str = "/sign-in") -> str:
    """Send the right password, which must lead to the page that asks for the second factor. Returns its path."""
    answer = await browser.send(path, {"login": username, "password": PASSWORD})
    location = str(answer.headers.get("Location", ""))
    assert (answer.status_code, location.partition("?")[0]) == (303, SECOND_FACTOR), answer.text
    return location


async def send_code(browser: Browsing, code: str, path: str = f"{SECOND_FACTOR}?return=/account") -> httpx.Response:
    return await browser.send(path, {"code": code})
