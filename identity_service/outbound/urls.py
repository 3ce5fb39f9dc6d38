"""The URLs that others may choose for requests of this service."""

from typing import Final

import httpx

from identity_service.outbound.addresses import OutboundAddresses
from watchword.loopback import is_loopback

_LAST_PORT: Final = 65_535


class UnusableUrl(ValueError):
    """No request is sent to this URL. The message says why, without the URL."""


def normalized_url(text: str, addresses: OutboundAddresses) -> str:
    """The URL as the library that calls it parses it.

    Raises UnusableUrl unless it is https, or http to this very machine, has neither credentials nor a fragment, and, if
    its host is written as an address, this is one that requests may be sent to.
    """
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise UnusableUrl("it cannot be parsed") from None
    is_safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host))
    if not (is_safe and url.host and (url.port or 1) <= _LAST_PORT):
        raise UnusableUrl("it is neither https nor http to this very machine")
    if url.userinfo or url.fragment:
        raise UnusableUrl("it has credentials or a fragment")
    if not addresses.may_allow(url.host):
        raise UnusableUrl("an address that IDENTITY_PUSH_NETWORKS does not allow")
    return str(url)
