"""What people read when a page cannot be shown."""

import re
from typing import Final

from fastapi.responses import Response

from posts_service.pages.rendering import Pages
from watchword.service.page_refusals import RefusalPage

_PAGES: Final = re.compile(r"/(?:(?:about|mine|moderation|write)?|p/.*)")
_TEXTS: Final = {
    404: ("There is no such page", "It was deleted or unpublished, or the address is not quite right."),
    405: ("This cannot be sent here", "The page takes nothing that is sent to it."),
    422: ("This address is not right", "Something in it cannot be read, or does not go together."),
    429: ("Too many requests", "Please wait a moment, and try again."),
    503: ("Please try again", "The page cannot be shown at the moment."),
}
_OTHERWISE: Final = ("This did not work", "Something went wrong here. Please try again later.")


def is_page(path: str) -> bool:
    """Whether people come to this path, and not programs."""
    return _PAGES.fullmatch(path) is not None


def refusal_page(pages: Pages) -> RefusalPage:
    """What makes the page of a refusal."""

    def page(status: int, _code: str, _retry_after: str | None) -> Response:
        title, text = _TEXTS.get(status, _OTHERWISE)
        return pages.error(status, title, text)

    return page
