"""An issuer is called in one way: at its own URL or at another address, under its own name, and by no proxy."""

import ast

import httpx
import pytest

from tests.architecture.code import modules
from tests.shared.key_server import KeyServer
from tests.shared.receivers import receiving, session
from tests.shared.ssf import Transmitter
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.auth import Verifier
from watchword.auth.remote_keys import RemoteKeys
from watchword.events import EventType
from watchword.http_client.address import AddressTransport, transport_to
from watchword.testing import Issuer

PUBLIC = "https://identity.example"


def address(server: KeyServer) -> str:
    return server.url.removesuffix("/jwks.json")


async def test_keys_of_a_public_url_are_fetched_at_the_address(key_server: KeyServer, issuer: Issuer) -> None:
    issuer.url = PUBLIC
    verifier = Verifier.of(PUBLIC, issuer.audience, jwks_url=f"{PUBLIC}/jwks.json", issuer_address=address(key_server))
    async with verifier.keys_runner.run():
        await verifier.verify(issuer.mint())


async def test_host_and_path_stay_those_of_the_url(key_server: KeyServer) -> None:
    async with httpx.AsyncClient(transport=AddressTransport(PUBLIC, address(key_server))) as http:
        answer = await http.get(f"{PUBLIC}/some/where?with=query")
    assert answer.request.headers["Host"] == "identity.example"
    assert answer.request.url.raw_path == b"/some/where?with=query"


async def test_other_origins_are_left_alone(key_server: KeyServer) -> None:
    async with httpx.AsyncClient(transport=AddressTransport(PUBLIC, "http://127.0.0.1:1")) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(f"{PUBLIC}/jwks.json")
        assert (await http.get(key_server.url)).status_code == 200
    elsewhere = AddressTransport(address(key_server).replace("http:", "https:"), "http://127.0.0.1:1")
    async with httpx.AsyncClient(transport=elsewhere) as http:
        assert (await http.get(key_server.url)).status_code == 200
    assert key_server.requests == 2


async def test_goes_on_after_it_was_closed(key_server: KeyServer) -> None:
    transport = AddressTransport(PUBLIC, address(key_server))
    for _ in range(2):
        async with httpx.AsyncClient(transport=transport) as http:
            assert (await http.get(f"{PUBLIC}/jwks.json")).status_code == 200


def test_without_an_address_nothing_changes() -> None:
    assert transport_to(PUBLIC, None) is None


async def test_neither_the_keys_nor_the_events_of_an_issuer_go_through_a_proxy_of_the_environment(
    databases: Databases, transmitter: Transmitter, key_server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, address(key_server))
        monkeypatch.setenv(name.lower(), address(key_server))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    keys = RemoteKeys(f"{transmitter.issuer.url}/certs")
    assert (await keys.get(transmitter.issuer.kid)).kid == transmitter.issuer.kid
    await keys.stop()
    jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
    async with receiving(databases, transmitter):
        await until(lambda: transmitter.is_settled(jti))
    assert key_server.requests == 0


async def test_events_of_a_public_url_and_the_keys_that_sign_them_are_fetched_at_the_address(
    databases: Databases, transmitter: Transmitter
) -> None:
    url = httpx.URL(transmitter.issuer.url)
    transmitter.issuer.url = f"{PUBLIC}{url.path}"
    jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
    async with receiving(databases, transmitter, issuer_address=str(url.copy_with(path="/"))):
        await until(lambda: transmitter.is_settled(jti))
    assert transmitter.acknowledged == [jti]


def test_one_module_of_the_library_makes_clients() -> None:
    makers = {
        path
        for path, tree in modules(("shared/watchword",))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith(("TracedClient", "AsyncClient", "httpx.Client"))
    }
    assert makers == {"shared/watchword/http_client/client.py"}
