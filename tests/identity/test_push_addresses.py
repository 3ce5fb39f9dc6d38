"""Events are pushed to public addresses, and to those that the operator allows, whatever a name resolves to."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from ipaddress import ip_address
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from identity_service.outbound.addresses import OutboundAddresses
from identity_service.outbound.client import ForbiddenAddress, outbound_client
from identity_service.outbound.names import Names
from identity_service.settings import Settings
from tests.identity.answers import ensure_problem
from tests.identity.hook import hook
from tests.identity.receivers import PUSH, STREAMS, cause_events, receiver, receiver_with_stream
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, KEY_ENCRYPTION_KEY, Identity
from tests.support.waiting import PATIENCE_SECONDS, until

FORBIDDEN = {
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd00:ec2::254"],
    "link-local and metadata": ["169.254.169.254", "169.254.0.1", "fe80::1", "fec0::1"],
    "metadata at other addresses": ["100.100.100.200", "192.0.0.192", "168.63.129.16"],
    "shared by carriers": ["100.64.0.1", "100.127.255.255"],
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],  # noqa: S104 - nothing is bound
    "multicast and broadcast": ["224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.1", "2001:db8::1"],
    "IPv4 in IPv6": ["::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::127.0.0.1"],
    "NAT64": ["64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1"],
    "6to4 and Teredo": ["2002:7f00:1::1", "2002:a9fe:a9fe::1", "192.88.99.1", "2001:0:4136:e378::1"],
}
EVERY_FORBIDDEN = [address for addresses in FORBIDDEN.values() for address in addresses]
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "192.169.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"]
SHORT_FORMS = [
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.0.0.1.",
    "localhost",
    "a.localhost",
    "LOCALHOST.",
]


@pytest.mark.parametrize("address", EVERY_FORBIDDEN)
def test_address_that_is_not_public_is_forbidden(address: str) -> None:
    assert not OutboundAddresses().allow(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_allowed(address: str) -> None:
    assert OutboundAddresses().allow(ip_address(address))


@pytest.mark.parametrize("address", EVERY_FORBIDDEN)
def test_operator_may_allow_any_network(address: str) -> None:
    network = f"{address}/{ip_address(address).max_prefixlen}"
    allowed = OutboundAddresses([network])
    assert allowed.allow(ip_address(address))
    others = set(EVERY_FORBIDDEN) - {address}
    assert not any(allowed.allow(ip_address(other)) for other in others)


@pytest.fixture
async def guarded(clean_databases: Databases) -> AsyncIterator[Identity]:
    """The identity service that may push to public addresses only, with the account `ada`."""
    async with services.identity(clean_databases, push_networks="") as service:
        await service.register("ada")
        yield service


@pytest.mark.parametrize("host", [*EVERY_FORBIDDEN, *SHORT_FORMS])
async def test_stream_to_an_address_that_is_not_public_is_not_created(guarded: Identity, host: str) -> None:
    posts = await receiver(guarded)
    url = f"https://[{host}]/events" if ":" in host else f"https://{host}:8443/events"
    refused = await posts.request("POST", STREAMS, {"delivery": {"method": PUSH, "endpoint_url": url}})
    ensure_problem(refused, 400, "unusable_endpoint")


async def test_stream_cannot_be_changed_to_an_address_that_is_not_public(guarded: Identity) -> None:
    posts = await receiver_with_stream(guarded)
    for method in ("PATCH", "PUT"):
        delivery = {"method": PUSH, "endpoint_url": "https://169.254.169.254/latest"}
        body = {"stream_id": posts.stream_id, "delivery": delivery}
        ensure_problem(await posts.request(method, STREAMS, body), 400, "unusable_endpoint")


async def test_all_refusals_of_an_endpoint_look_alike(guarded: Identity) -> None:
    posts = await receiver(guarded)
    answers = []
    for url in ("https://127.0.0.1:1/", "https://127.0.0.1:22/", "https://10.1.2.3/", "ftp://feeds.example/"):
        refused = await posts.request("POST", STREAMS, {"delivery": {"method": PUSH, "endpoint_url": url}})
        answers.append({**refused.json(), "request_id": None})
    assert answers == [answers[0]] * 4


class Resolver:
    """Answers for every name what it was given, one answer after another."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.queries = 0
        self.hosts: list[Any] = []

    def answer(self, host: Any, port: int | None, **_: Any) -> list[Any]:
        self.queries += 1
        self.hosts.append(host)
        addresses = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]


def client(*networks: str, resolver: Resolver | None = None, seconds: float = PATIENCE_SECONDS) -> httpx.AsyncClient:
    names = None if resolver is None else Names(resolver.answer)
    return outbound_client(OutboundAddresses(networks, names), seconds)


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["::ffff:127.0.0.1"], []])
async def test_name_that_resolves_to_a_forbidden_address_is_not_called(addresses: list[str]) -> None:
    async with hook() as endpoint, client(resolver=Resolver(addresses)) as http:
        with pytest.raises(ForbiddenAddress):
            await http.post(f"http://feeds.example:{endpoint.port}/events", content="event")
    assert endpoint.heads == []


async def test_name_is_resolved_once_and_called_at_the_address_that_was_checked() -> None:
    """DNS rebinding: the second answer for the same name is an address that nobody checked."""
    resolver = Resolver(["127.0.0.1"], ["127.0.0.2"])
    async with hook() as endpoint, client("127.0.0.1/32", resolver=resolver) as http:
        answer = await http.post(f"http://feeds.example:{endpoint.port}/events", content="event")
        assert (answer.status_code, resolver.queries) == (202, 1)
        with pytest.raises(ForbiddenAddress):
            await http.post(f"http://feeds.example:{endpoint.port}/events", content="event")
    (head,) = endpoint.heads
    assert f"host: feeds.example:{endpoint.port}" in head.lower()


async def test_allowed_address_is_called_beside_a_forbidden_one_and_an_unreachable_one() -> None:
    resolver = Resolver(["10.0.0.1", "127.0.0.2", "127.0.0.1"])
    async with hook() as endpoint, client("127.0.0.0/30", resolver=resolver) as http:
        answer = await http.post(f"http://feeds.example:{endpoint.port}/events", content="event")
    assert (answer.status_code, len(endpoint.heads)) == (202, 1)


async def test_address_that_does_not_answer_leaves_time_for_the_others() -> None:
    def silent(*_: Any) -> socket.socket:
        """A listener whose queue is full, so that it answers no further connection."""
        listener = socket.create_server(("127.0.0.2", endpoint.port), backlog=0)
        queued.append(socket.create_connection(listener.getsockname()))
        return listener

    queued: list[socket.socket] = []
    http = client("127.0.0.0/30", resolver=Resolver(["127.0.0.2", "127.0.0.1"]), seconds=3)
    async with hook() as endpoint, http:
        with silent():
            async with asyncio.timeout(3):
                answer = await http.post(endpoint.url.replace("127.0.0.1", "feeds.example"), content="event")
    queued.pop().close()
    assert answer.status_code == 202


async def test_name_with_other_letters_is_resolved_and_verified_as_the_host_header_has_it() -> None:
    """IDNA 2003, which Python knows, takes `ß` for `ss`, which is the name of another host."""
    resolver = Resolver(["127.0.0.1"])
    async with hook() as endpoint, client("127.0.0.1", resolver=resolver) as http:
        await http.post(f"http://straße.example:{endpoint.port}/events", content="event")
    assert resolver.hosts == ["xn--strae-oqa.example"]
    assert f"host: xn--strae-oqa.example:{endpoint.port}" in endpoint.heads[0].lower()


async def test_tls_is_for_the_name_and_not_for_the_address() -> None:
    names: list[str | None] = []
    heard = asyncio.Event()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def note(_: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> int:
        names.append(name)
        heard.set()
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    context.sni_callback = note
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", ssl=context)
    async with server, client("127.0.0.1", resolver=Resolver(["127.0.0.1"])) as http:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(httpx.ConnectError):
            await http.post(f"https://feeds.example:{port}/events", content="event")
        await heard.wait()
    assert names == ["feeds.example"]


async def test_redirect_is_not_followed_and_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with hook(307) as endpoint, client("127.0.0.1") as http:
        answer = await http.post(endpoint.url, content="event")
    assert (answer.status_code, len(endpoint.heads)) == (307, 1)


async def test_stream_from_before_is_not_pushed_to_a_forbidden_address(guarded: Identity, databases: Databases) -> None:
    async with hook() as endpoint:
        delivery = {"method": PUSH, "endpoint_url": "https://feeds.example/events"}
        posts = await receiver_with_stream(guarded, delivery=delivery)
        await databases.execute("identity_owner", "UPDATE identity.streams SET push_url = $1", endpoint.url)
        await cause_events(guarded)

        async def has_failed() -> bool:
            (stream,) = await databases.fetch("identity_app", "SELECT failed_pushes FROM identity.streams")
            return bool(stream["failed_pushes"])

        await until(has_failed)
    assert endpoint.heads == []
    status = await posts.request("GET", "/ssf/streams/status", stream_id=posts.stream_id)
    assert status.json() == {"stream_id": posts.stream_id, "status": "enabled"}


@pytest.mark.parametrize("networks", ["everything", "10.0.0.1/8", "10.0.0.0/33", "https://10.0.0.1"])
def test_text_that_is_no_network_is_refused_by_the_settings(networks: str) -> None:
    required = {"database_url": "postgresql://a@b/c", "issuer": IDENTITY_URL, "key_encryption_key": KEY_ENCRYPTION_KEY}
    with pytest.raises(ValidationError, match="push_networks"):
        Settings.model_validate({**required, "push_networks": networks})
