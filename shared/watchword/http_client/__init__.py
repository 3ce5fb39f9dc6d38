"""Calling another service: an HTTP client that carries the request id and the trace, and the address to call."""

from watchword.http_client.address import ReachedAt, reached_at
from watchword.http_client.tls import ssl_context
from watchword.http_client.traced import TracedClient

__all__ = ["ReachedAt", "TracedClient", "reached_at", "ssl_context"]
