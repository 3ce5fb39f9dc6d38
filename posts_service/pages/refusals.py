"""The pages that people get instead of the problem documents that programs get."""

import re
from typing import Final

from fastapi.responses import Response

from posts_service.pages.rendering import Pages
from watchword.service.page_refusals import RefusalPage

_PAGES: Final = re.compile(r"/(?:(?:about|mine|moderation|write)?|p/.*)")
_TEXTS: Final = {
    404: (
        "There is no such page",
        "The address is wrong, or the post was deleted or unpublished. Your drafts are at “Your posts”.",
    ),
    405: ("This cannot be sent here", "This page can only be read: nothing can be sent to it."),
    422: (
        "This address is not valid",
        "A part of it is malformed, or two parts exclude each other. Begin again with all posts.",
    ),
    429: ("Too many requests", "Please wait a moment, and load this page again."),
    503: (
        "The page cannot be shown now",
        "The service is busy or restarting. Please load this page again in a moment.",
    ),
}
_OTHERWISE: Final = ("This did not work", "Something went wrong here. Please try again later.")


def is_page(path: str) -> bool:
    """Whether a refusal at this path is answered with a page."""
    return _PAGES.fullmatch(path) is not None


def refusal_page(pages: Pages) -> RefusalPage:
    """The function that makes the page of a refusal."""

    def page(status: int, _code: str, _retry_after: str | None) -> Response:
        title, text = _TEXTS.get(status, _OTHERWISE)
        return pages.error(status, title, text)

    return page
