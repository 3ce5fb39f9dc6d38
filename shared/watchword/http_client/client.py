"""The one way to make a client for calls to another service."""

import httpx

from watchword.http_client.tls import ssl_context
from watchword.http_client.traced import TracedClient


def open_client(transport: httpx.AsyncBaseTransport | None = None, *, timeout: float) -> TracedClient:
    """A traced client that verifies TLS. An issuer's keys and its events are both fetched with it, so that both can be
    reached or neither.

    `transport` comes from `transport_to`; without it, a host is called at its own address. Proxies that the environment
    names (HTTP_PROXY) are not used: they would see the client's secret and what is revoked, and could cut long polls.
    """
    return TracedClient(transport=transport, verify=ssl_context(), timeout=timeout, trust_env=False)
