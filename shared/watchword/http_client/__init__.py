"""Calling another service: an HTTP client that carries the request id and the trace, and the address to call."""

from watchword.http_client.address import AddressTransport, transport_to
from watchword.http_client.client import open_client
from watchword.http_client.tls import ssl_context
from watchword.http_client.traced import TracedClient

__all__ = ["AddressTransport", "TracedClient", "open_client", "ssl_context", "transport_to"]
