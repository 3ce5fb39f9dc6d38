"""How the events of a stream are delivered, as its receiver chooses."""

from typing import Final

import httpx

from identity_service.events.errors import LapsingStreamPushed, UnusableEndpoint
from identity_service.events.models import Delivery, Stream
from identity_service.events.push_addresses import PushAddresses
from identity_service.events.schemas import DeliveryDraft
from identity_service.keys.sealing import Sealer
from identity_service.loopback import is_loopback

_LAST_PORT: Final = 65_535


class DeliveryChoice:
    """Checks where a receiver wants its events pushed to, and seals what authorizes the push."""

    def __init__(self, sealer: Sealer, addresses: PushAddresses) -> None:
        self._sealer = sealer
        self._addresses = addresses

    def set(self, stream: Stream, delivery: DeliveryDraft) -> None:
        """Deliver the events of the stream in this way. Raises LapsingStreamPushed, UnusableEndpoint."""
        stream.delivery_method = delivery.method
        stream.push_url = stream.sealed_push_authorization = stream.next_push_at = None
        stream.failed_pushes = 0
        if delivery.method is not Delivery.PUSH:
            return
        if not stream.is_durable:
            raise LapsingStreamPushed
        stream.push_url = _push_url(delivery.endpoint_url, self._addresses)
        if delivery.authorization_header is not None:
            stream.sealed_push_authorization = self._sealer.seal_text(stream.client_id, delivery.authorization_header)


def _push_url(endpoint_url: str | None, addresses: PushAddresses) -> str:
    """The URL, normalized.

    Raises UnusableEndpoint unless it is https, or http to this very machine, and, if its host is written as an address,
    this is one that events may be pushed to.
    """
    try:
        # Parsed by the library that will push to it.
        url = httpx.URL(endpoint_url or "")
    except httpx.InvalidURL:
        raise UnusableEndpoint from None
    is_safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host))
    if not (is_safe and url.host and (url.port or 1) <= _LAST_PORT) or url.userinfo or url.fragment:
        raise UnusableEndpoint
    if not addresses.may_allow(url.host):
        raise UnusableEndpoint("an address that IDENTITY_PUSH_NETWORKS does not allow")
    return str(url)
