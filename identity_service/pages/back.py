"""The way back to the application from which a person comes to their account."""

from typing import Final, NamedTuple

from identity_service.clients.service import Clients
from watchword.service.web_origins import origin_of_url

MAX_URL_CHARACTERS: Final = 2_000


class Back(NamedTuple):
    """The page of an application that the person comes from, and its origin."""

    url: str
    origin: str


async def find_back(clients: Clients, url: str) -> Back | None:
    """The way back to this page, if an application has a redirect URI at its origin. None otherwise: a stranger could
    have made the link that led here."""
    if len(url) > MAX_URL_CHARACTERS:
        return None
    try:
        origin = origin_of_url(url)
    except ValueError:
        return None
    return Back(url, origin) if await clients.may_call_from(origin) else None
