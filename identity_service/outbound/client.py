"""The HTTP client for URLs that others have chosen: it connects to addresses that it has checked, and to no others."""

from typing import Final

import httpx

from identity_service.outbound.addresses import OutboundAddresses
from identity_service.outbound.names import Address
from watchword.http_client.tls import ssl_context

MAX_ADDRESSES: Final = 4
"""How many addresses of one name are tried, one after another."""


class ForbiddenAddress(httpx.ConnectError):
    """The host has no address that requests may be sent to."""


class CheckedTransport(httpx.AsyncBaseTransport):
    """Resolves the host of each request, and connects to an allowed address of it.

    The name is resolved once, so that a later answer of the resolver changes nothing. The Host header and
    what TLS verifies are the name's, as if httpx had resolved it. No connection is kept: two names may share an
    address, and one of them must not get what is meant for the other.
    """

    def __init__(self, addresses: OutboundAddresses) -> None:
        self._addresses = addresses
        self._transport = httpx.AsyncHTTPTransport(
            verify=ssl_context(), trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        # As the Host header has it. Python encodes a name with other letters in another way (IDNA 2003), which may be
        # the name of another host.
        host = request.url.raw_host.decode("ascii")
        resolved = await self._addresses.names.addresses_of(host)
        allowed = [address for address in resolved if self._addresses.allow(address)][:MAX_ADDRESSES]
        failure: httpx.TransportError = ForbiddenAddress("no address that requests may be sent to", request=request)
        for address in allowed:
            try:
                return await self._transport.handle_async_request(_addressed_to(request, address, host, len(allowed)))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise failure

    async def aclose(self) -> None:
        await self._transport.aclose()


def outbound_client(addresses: OutboundAddresses, timeout_seconds: float) -> httpx.AsyncClient:
    """A client that follows no redirect and uses no proxy, because neither address would be checked."""
    transport = CheckedTransport(addresses)
    return httpx.AsyncClient(transport=transport, timeout=timeout_seconds, trust_env=False, follow_redirects=False)


def _addressed_to(request: httpx.Request, address: Address, host: str, tries: int) -> httpx.Request:
    """The request for one of `tries` addresses, each of which gets its share of the time for connecting."""
    # httpx has written the Host header from the name already.
    url = request.url.copy_with(host=str(address))
    timeout = request.extensions["timeout"]
    timeout = {**timeout, "connect": timeout["connect"] / tries}
    extensions = {**request.extensions, "sni_hostname": host, "timeout": timeout}
    return httpx.Request(request.method, url, headers=request.headers, stream=request.stream, extensions=extensions)
