"""The one way to make a client for calls to another service."""

import httpx

from watchword.http_client.tls import ssl_context
from watchword.http_client.traced import TracedClient


def open_client(transport: httpx.AsyncBaseTransport | None = None, *, timeout: float) -> TracedClient:
    """A client, so that the keys of an issuer and its events are found in the same way, or not at all.

    `transport` is that of `transport_to`; without it, a host is called at its own address. Proxies that the environment
    names (HTTP_PROXY) are not used: a client's secret and what is revoked are not for a third party, which could also
    cut long polls.
    """
    return TracedClient(transport=transport, verify=ssl_context(), timeout=timeout, trust_env=False)
