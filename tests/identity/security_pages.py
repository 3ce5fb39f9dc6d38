"""What people do on the pages about what they sign in with."""

import base64
import re
from html import unescape

from tests.identity.browsing import Browsing
from tests.identity.second_factors import App

SECURITY = "/account/security"
APP, RECOVERY_CODES, PASSKEYS = (f"{SECURITY}/{name}" for name in ("authenticator", "recovery-codes", "passkeys"))
CODE = f"{APP}/code"
_URI = re.compile(r'href="(otpauth:[^"]+)"')
_SECRET = re.compile(r'<code class="secret">([^<]+)</code>')
_CODES = re.compile(r"^(?:[0-9a-z]{4}-){3}[0-9a-z]{4}$", re.MULTILINE)


def uri_on(page: str) -> str:
    """The URI for an app that is on this device."""
    (uri,) = _URI.findall(page)
    return unescape(uri)


def secret_on(page: str) -> str:
    (secret,) = _SECRET.findall(page)
    return str(secret).replace(" ", "")


def codes_on(page: str) -> list[str]:
    """The recovery codes."""
    return _CODES.findall(page)


def app_with(secret: str) -> App:
    """An app into which a person has typed the secret."""
    return App(base64.b32decode(secret))


async def begin(browser: Browsing, query: str = "") -> str:
    """Begin to add an app, and see the page with its secret."""
    answer = await browser.send(f"{APP}{query}")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{CODE}{query}")
    return await browser.open(answer.headers["Location"])


def version_on(page: str) -> str:
    """The version of the recovery codes of which the page speaks."""
    (version,) = re.findall(r'name="version" value="([^"]+)"', page)
    return unescape(version)
