"""The link on the account page that leads back to the application from which the person comes."""

from typing import Final, NamedTuple

from identity_service.clients.service import Clients
from watchword.service.web_origins import origin_of_url

MAX_URL_CHARACTERS: Final = 2_000


class BackLink(NamedTuple):
    """The URL of the page that the person comes from, and its origin, which the link names."""

    url: str
    origin: str


async def find_back_link(clients: Clients, url: str) -> BackLink | None:
    """The link to this URL, if an application has a redirect URI at its origin. None otherwise: a stranger could have
    made the URL of the account page."""
    if len(url) > MAX_URL_CHARACTERS:
        return None
    try:
        origin = origin_of_url(url)
    except ValueError:
        return None
    return BackLink(url, origin) if await clients.may_call_from(origin) else None
