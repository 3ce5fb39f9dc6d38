"""The address of a peer is the same in every service, whatever kind of socket it listens with."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests.shared.ssf import ServerWithoutSignals
from tests.support.needed import need
from watchword.service.networks import address_to_count, networks, peer_address
from watchword.service.service_app import ServiceApp
from watchword.service.time_limits import BoundedConnection
from watchword.service.trusted_hops import TrustedHops

CALLER = "203.0.113.9"


async def address(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the address of the client."""
    await PlainTextResponse(scope["client"][0])(scope, receive, send)


def app_behind(*trusted: str) -> ServiceApp:
    app = ServiceApp()
    app.mount("/", address)
    app.trusted_hops = TrustedHops(trusted, 1)
    return app


@asynccontextmanager
async def serving(*trusted: str) -> AsyncIterator[str]:
    """The URL on IPv4 of a server behind these proxies, with the socket of several workers whose host is `::`."""
    listening = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    config = uvicorn.Config(
        app_behind(*trusted),
        http=BoundedConnection,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
    )
    server = ServerWithoutSignals(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


async def address_at(url: str) -> str:
    async with httpx.AsyncClient(trust_env=False) as http:
        return (await http.get(url, headers={"X-Forwarded-For": CALLER})).text


@pytest.mark.parametrize(("trusted", "address"), [((), "127.0.0.1"), (("127.0.0.0/8",), CALLER)])
async def test_a_socket_for_ipv6_gives_peers_of_ipv4_their_usual_address(
    trusted: tuple[str, ...], address: str
) -> None:
    need(socket.has_dualstack_ipv6(), "this machine has no socket for both IPv4 and IPv6")
    async with serving(*trusted) as url:
        assert await address_at(url) == address


@pytest.mark.parametrize(
    ("text", "address"),
    [("::ffff:10.0.0.1", "10.0.0.1"), ("::ffff:1", "::ffff:1"), ("2001:db8::1", "2001:db8::1"), ("10.0.0.1",) * 2],
)
def test_only_an_address_that_is_one_of_ipv4_is_written_as_one(text: str, address: str) -> None:
    assert peer_address(text) == address


@pytest.mark.parametrize(
    ("named", "counted"),
    [
        ("2001:db8::1", "2001:db8::"),
        ("2001:db8::1:2:3:4%eth0", "2001:db8::"),
        ("2001:db8:0:1::1", "2001:db8:0:1::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_a_household_is_counted_as_one_network_of_ipv6(named: str, counted: str) -> None:
    assert address_to_count(named) == counted


def test_a_network_of_ipv4_is_written_as_one() -> None:
    assert networks(["::ffff:10.0.0.0/104", "::ffff:10.0.0.1", "fd00::/8"], "") == (
        "10.0.0.0/8",
        "10.0.0.1",
        "fd00::/8",
    )
    with pytest.raises(ValueError, match="all of them"):
        networks(["::ffff:0:0/96"], "all of them")
