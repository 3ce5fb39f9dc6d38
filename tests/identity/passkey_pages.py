"""What a page that asks for a passkey gives to the browser, and what it sends."""

import html
import json
import re
from typing import Any

import httpx

from tests.identity.browsing import Browsing
from tests.support.authenticator import Authenticator

SIGN_IN = "/sign-in"
PASSKEY = "/sign-in/passkey"


def options_of(page: str) -> dict[str, Any]:
    """The options for the passkey that this page asks for."""
    (options,) = re.findall(r"data-options='([^']*)'", page)
    return dict(json.loads(html.unescape(options)))


def action_of(page: str) -> str:
    """The path that the answer is sent to."""
    (action,) = re.findall(r'action="([^"]*)" class="passkey"', page)
    return html.unescape(action)


async def send_passkey(browser: Browsing, holder: Authenticator, path: str = SIGN_IN) -> httpx.Response:
    """The answer to the passkey that the page at this path asks for."""
    page = await browser.open(path)
    return await browser.send(action_of(page), {"credential": json.dumps(holder.use(options_of(page)))})
