"""How the events of a stream are delivered, as its receiver chooses."""

from identity_service.events.errors import LapsingStreamPushed, UnusableEndpoint
from identity_service.events.models import Delivery, Stream
from identity_service.events.schemas import DeliveryDraft
from identity_service.events.sealed_authorizations import seal_of
from identity_service.keys.sealing import Sealer
from identity_service.outbound.addresses import OutboundAddresses
from identity_service.outbound.urls import UnusableUrl, normalized_url


class DeliveryChoice:
    """Checks where a receiver wants its events pushed to, and seals what authorizes the push."""

    def __init__(self, sealer: Sealer, addresses: OutboundAddresses) -> None:
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
            stream.sealed_push_authorization = self._sealer.seal_text(
                seal_of(stream.client_id), delivery.authorization_header
            )


def _push_url(endpoint_url: str | None, addresses: OutboundAddresses) -> str:
    """The URL, normalized. Raises UnusableEndpoint."""
    try:
        return normalized_url(endpoint_url or "", addresses)
    except UnusableUrl as error:
        raise UnusableEndpoint(str(error)) from None
