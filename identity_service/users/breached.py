"""Whether a password is known from a breach, asked of a range service that learns five digits of its SHA-1 digest."""

import asyncio
import logging
from hashlib import sha1
from typing import Final

import httpx

from identity_service.errors import BreachCheckUnavailable
from identity_service.users.normal_form import normal_password
from watchword.http_client import ssl_context
from watchword.tally import Tally

logger = logging.getLogger("identity.passwords")

SECONDS: Final = 2.0
MAX_BYTES: Final = 512 * 1024
"""A padded answer has about a tenth of it."""

_PREFIX_DIGITS: Final = 5
_HEADERS: Final = {"Add-Padding": "true", "Accept-Encoding": "identity"}


def breach_digest(password: str) -> str:
    """The SHA-1 digest by which the range service names the password. It protects nothing."""
    return sha1(normal_password(password).encode(), usedforsecurity=False).hexdigest().upper()


class BreachedPasswords:
    """Asks the range service at `url`, or nobody without one; counts the outcomes."""

    def __init__(self, url: str | None, *, accepts_unchecked: bool) -> None:
        self._url = url
        self._accepts_unchecked = accepts_unchecked
        self.outcomes = Tally("clean", "breached", "failed")

    @property
    def is_on(self) -> bool:
        return self._url is not None

    async def is_breached(self, password: str) -> bool:
        """Raises BreachCheckUnavailable if the service does not answer and the policy is to refuse then."""
        if not self.is_on:
            return False
        is_breached = await self.look_up(breach_digest(password))
        if is_breached is None and not self._accepts_unchecked:
            raise BreachCheckUnavailable("the range service does not answer")
        return bool(is_breached)

    async def look_up(self, digest: str) -> bool | None:
        """Whether the password with this digest is breached; None if the service has no usable answer."""
        try:
            async with asyncio.timeout(SECONDS):
                answer = await self._range(digest[:_PREFIX_DIGITS])
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            self.outcomes["failed"] += 1
            # Without the URL, which ends with digits of the digest.
            logger.warning("a password was not checked for breaches: %s", type(error).__name__)
            return None
        is_breached = _lists(answer, digest[_PREFIX_DIGITS:])
        self.outcomes["breached" if is_breached else "clean"] += 1
        return is_breached

    async def _range(self, prefix: str) -> str:
        # Not the traced client: a span holds the URL, and the service is a stranger that needs no request id.
        async with (
            httpx.AsyncClient(verify=ssl_context(), timeout=SECONDS, trust_env=False) as http,
            http.stream("GET", f"{self._url}/{prefix}", headers=_HEADERS) as response,
        ):
            if response.status_code != 200 or "Content-Encoding" in response.headers:
                raise ValueError
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise ValueError
        return body.decode("ascii")


def _lists(answer: str, suffix: str) -> bool:
    """Whether a line names this rest of a digest. A line of padding has the count 0."""
    for line in answer.splitlines():
        name, _, count = line.partition(":")
        if name.strip().upper() == suffix and count.strip().lstrip("0"):
            return True
    return False
