"""An issuer that is away or talks nonsense: old keys keep serving, and what cannot be known is never a refusal."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from tests.shared.key_server import KeyServer, eventually, serving
from tests.support import services
from tests.support.databases import Databases
from watchword.auth import InvalidToken, KeysUnavailable, RemoteKeys, Verifier, jwks
from watchword.testing import Issuer

Nonsense = Callable[[KeyServer], None]


@pytest.fixture
async def server(issuer: Issuer) -> AsyncIterator[KeyServer]:
    async with serving(issuer) as server:
        yield server


def says(body: bytes, status: str = "200 OK", **fields: str) -> Nonsense:
    return lambda server: server.err(status=status, body=body, **fields)


def says_json(document: object) -> Nonsense:
    return says(json.dumps(document).encode())


def never_ends(server: KeyServer) -> None:
    server.err(body=b'{"keys":')
    server.endless = True


def redirects(server: KeyServer) -> None:
    server.err(status="302 Found", Location=server.url)


JWK = Issuer().jwks()["keys"][0]
each_nonsense = pytest.mark.parametrize(
    "nonsense",
    [
        pytest.param(says(b""), id="nothing"),
        pytest.param(says(b"<html>"), id="not_json"),
        pytest.param(says(b"\xff\xfe\x00"), id="not_utf8"),
        pytest.param(says(b"[" * 100_000), id="deeply_nested"),
        pytest.param(says_json([]), id="a_list"),
        pytest.param(says_json(None), id="null"),
        pytest.param(says_json({}), id="no_keys"),
        pytest.param(says_json({"keys": {}}), id="keys_an_object"),
        pytest.param(says_json({"keys": []}), id="keys_empty"),
        pytest.param(says_json({"keys": [None, 1, "key", []]}), id="keys_no_objects"),
        pytest.param(says_json({"keys": [{**JWK, "kid": 1}]}), id="kid_a_number"),
        pytest.param(says_json({"keys": [{**JWK, "key_ops": 1}]}), id="key_ops_a_number"),
        pytest.param(says_json({"keys": [{**JWK, "key_ops": None}]}), id="key_ops_null"),
        pytest.param(says_json({"keys": [{**JWK, "n": "é" * 400}]}), id="n_no_base64"),
        pytest.param(says(b" " * 10_000_000 + json.dumps({"keys": [JWK]}).encode()), id="10_megabytes"),
        pytest.param(says_json({"keys": [{**JWK, "kid": "other"}]} | {"padding": "x" * 300_000}), id="over_the_limit"),
        pytest.param(says(b"out of order", "500 Internal Server Error"), id="500"),
        pytest.param(says(json.dumps({"keys": [JWK]}).encode(), "404 Not Found"), id="404_with_keys"),
        pytest.param(says(b"", "204 No Content"), id="204"),
        pytest.param(redirects, id="redirect"),
        pytest.param(never_ends, id="never_ends"),
        pytest.param(says(b"{}", Content_Encoding="gzip"), id="false_gzip"),
        pytest.param(says(b"short", Content_Length="100"), id="cut_off"),
    ],
)


@each_nonsense
async def test_nonsense_keeps_the_old_keys_and_is_got_over(
    server: KeyServer, nonsense: Nonsense, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = RemoteKeys(server.url, cooldown=0)
    good = await keys.get("first")
    nonsense(server)
    with monkeypatch.context() as impatient:
        impatient.setattr(jwks, "FETCH_TIMEOUT_SECONDS", 0.25)
        with pytest.raises(KeysUnavailable):
            await keys.get("unknown")
    assert keys.find("first") is good
    server.recover()
    with pytest.raises(InvalidToken, match="unknown kid"):
        await keys.get("unknown")
    assert keys.find("first") is good


@each_nonsense
async def test_refreshing_goes_on_after_nonsense(
    server: KeyServer, nonsense: Nonsense, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "RETRY_SECONDS", 0.01)
    nonsense(server)
    keys = RemoteKeys(server.url)
    try:
        with monkeypatch.context() as impatient:
            impatient.setattr(jwks, "FETCH_TIMEOUT_SECONDS", 0.25)
            await keys.start()
            await eventually(lambda: server.requests >= 2)
        server.recover()
        await eventually(lambda: keys.find("first"))
    finally:
        await keys.stop()


async def test_body_that_trickles_is_given_up_after_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of its pieces is in time."""
    monkeypatch.setattr(jwks, "FETCH_TIMEOUT_SECONDS", 0.1)

    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(200):
            await asyncio.sleep(0.005)
            yield b" "
        yield json.dumps({"keys": [JWK]}).encode()

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=trickle()))
    with pytest.raises(KeysUnavailable):
        await RemoteKeys("http://issuer.example/jwks.json", transport=transport).get("first")


async def test_old_keys_serve_while_the_issuer_is_down(server: KeyServer, issuer: Issuer) -> None:
    keys = RemoteKeys(server.url, cooldown=0)
    verifier = Verifier(issuer=issuer.url, audience=issuer.audience, keys=keys)
    await verifier.verify(issuer.mint())
    await server.stop()
    assert (await verifier.verify(issuer.mint("ada"))).subject == "ada"
    with pytest.raises(KeysUnavailable):
        await verifier.verify(issuer.mint(header={"kid": "unknown"}))
    assert (await verifier.verify(issuer.mint("bob"))).subject == "bob"


async def test_while_the_issuer_is_down_unknown_kids_do_not_ask_it_without_end(server: KeyServer) -> None:
    server.err(status="500 Internal Server Error")
    keys = RemoteKeys(server.url, cooldown=3_600)
    for n in range(50):
        with pytest.raises(KeysUnavailable):
            await keys.get(f"unknown-{n}")
    assert server.requests == 1


async def test_a_url_that_is_none_is_keys_unavailable() -> None:
    with pytest.raises(KeysUnavailable):
        await RemoteKeys("http://[issuer/jwks.json").get("first")


async def test_service_without_keys_is_unavailable_and_recovers_by_itself(
    databases: Databases, server: KeyServer, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "RETRY_SECONDS", 0.01)
    issuer.audience = services.POSTS_URL
    await server.stop()
    keys = RemoteKeys(server.url)
    verifier = Verifier(issuer=issuer.url, audience=issuer.audience, keys=keys)
    async with services.posts(databases, verifier) as posts:
        answer = await posts.http.get("/posts", headers=issuer.bearer())
        assert (answer.status_code, answer.json()["code"]) == (503, "keys_unavailable")
        assert answer.headers["retry-after"] == "1"
        assert (await posts.http.get("/posts")).status_code == 200
        await server.start()
        await eventually(lambda: keys.find("first"))
        assert (await posts.http.get("/posts", headers=issuer.bearer())).status_code == 200
