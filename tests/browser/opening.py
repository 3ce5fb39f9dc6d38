"""Opening a page of identity as a person would."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page

from tests.support.waiting import PATIENCE_SECONDS

# The browser reports an answer with 4xx as an error, which is what forms with flaws and used links are answered with.
REFUSED = "Failed to load resource: the server responded with a status of 4"
OUTAGE = ("Failed to load resource: net::", "Failed to load resource: the server responded with a status of 5")
"""What the browser reports while a service is away, or the network."""


@asynccontextmanager
async def opened(
    browser: Browser, own: str | tuple[str, ...], *, expected: tuple[str, ...] = (), **options: Any
) -> AsyncIterator[Page]:
    """A page of a context of its own. A request to an address that does not begin with `own`, or an error such as
    one of the policy, fails the test, also on another page of the context; but not an error that begins like one of
    those that are expected."""
    context = await browser.new_context(**options)
    troubles: list[str] = []
    context.on("request", lambda request: troubles.append(request.url) if not request.url.startswith(own) else None)
    context.on("weberror", lambda error: troubles.append(str(error.error)))
    context.on(
        "console",
        lambda message: (
            troubles.append(message.text)
            if message.type == "error" and not message.text.startswith((REFUSED, *expected))
            else None
        ),
    )
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_SECONDS * 1000)
    yield page
    await context.close()
    assert troubles == []
