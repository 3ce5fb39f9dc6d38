"""The transmitter and its streams as receivers see them (SSF 1.0 sections 7 and 8)."""

from datetime import timedelta
from typing import Any, Final

from identity_service.events.errors import NotSupplied
from identity_service.events.models import Delivery, Stream
from identity_service.events.schemas import DeliveryRead, StatusRead, StreamChanges, StreamRead, StreamReplacement
from watchword.events.types import supported_by

MIN_VERIFICATION_INTERVAL: Final = timedelta(seconds=1)
_SUPPLIED: Final = (
    "iss",
    "aud",
    "events_supported",
    "events_delivered",
    "min_verification_interval",
    "inactivity_timeout",
)


def configuration(issuer: str) -> dict[str, Any]:
    """The transmitter's metadata (section 7.1)."""
    return {
        "spec_version": "1_0",
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "delivery_methods_supported": [Delivery.PUSH, Delivery.POLL],
        "configuration_endpoint": f"{issuer}/ssf/streams",
        "status_endpoint": f"{issuer}/ssf/streams/status",
        "verification_endpoint": f"{issuer}/ssf/streams/verify",
        "authorization_schemes": [{"spec_urn": "urn:ietf:rfc:6749"}],
        "default_subjects": "ALL",
    }


class StreamViews:
    """Shows the streams of one issuer to their receivers."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self.supported = supported_by(issuer)

    def stream(self, stream: Stream) -> StreamRead:
        """The whole stream; what authorizes a push is left out."""
        return StreamRead(
            stream_id=stream.id,
            iss=self._issuer,
            aud=stream.client_id,
            delivery=DeliveryRead(
                method=stream.delivery_method, endpoint_url=stream.push_url or self._poll_url(stream)
            ),
            events_supported=list(self.supported),
            events_requested=stream.events_requested,
            events_delivered=[kind for kind in self.supported if kind in stream.events_requested],
            min_verification_interval=int(MIN_VERIFICATION_INTERVAL.total_seconds()),
            inactivity_timeout=stream.inactivity_timeout,
            description=stream.description,
        )

    def status(self, stream: Stream) -> StatusRead:
        return StatusRead.model_validate(
            {"stream_id": stream.id, "status": stream.status, "reason": stream.status_reason}
        )

    def ensure_supplied(self, stream: Stream, body: StreamChanges | StreamReplacement) -> None:
        """Members that the transmitter supplies may be sent back, but not changed. Raises NotSupplied."""
        supplied = self.stream(stream).model_dump(mode="json")
        for name, value in (body.model_extra or {}).items():
            if name in _SUPPLIED and (value != supplied[name] or isinstance(value, bool)):
                raise NotSupplied(name)
        delivery = body.delivery
        if delivery is None or delivery.method is not Delivery.POLL:
            return
        if delivery.endpoint_url not in (None, self._poll_url(stream)):
            raise NotSupplied("endpoint_url")

    def _poll_url(self, stream: Stream) -> str:
        return f"{self._issuer}/ssf/streams/{stream.id}/poll"
