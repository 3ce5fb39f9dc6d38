"""An issuer that is away or answers nonsense: old keys keep serving, and no token is refused for lack of keys."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from tests.shared.key_server import KeyServer
from tests.support import services
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.auth import InvalidToken, KeysUnavailable, RemoteKeys, Verifier, remote_keys
from watchword.testing import Issuer

Nonsense = Callable[[KeyServer], None]


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
async def test_nonsense_leaves_the_old_keys_in_place_and_is_recovered_from(
    key_server: KeyServer, nonsense: Nonsense, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = RemoteKeys(key_server.url, cooldown=0)
    published = await keys.get("first")
    nonsense(key_server)
    with monkeypatch.context() as impatient:
        impatient.setattr(remote_keys, "FETCH_TIMEOUT_SECONDS", 0.25)
        with pytest.raises(KeysUnavailable):
            await keys.get("unknown")
    assert keys.find("first") is published
    key_server.recover()
    with pytest.raises(InvalidToken, match="unknown kid"):
        await keys.get("unknown")
    assert keys.find("first") is published


@each_nonsense
async def test_refreshing_goes_on_after_nonsense(
    key_server: KeyServer, nonsense: Nonsense, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_keys, "RETRY_SECONDS", 0.01)
    nonsense(key_server)
    keys = RemoteKeys(key_server.url)
    try:
        with monkeypatch.context() as impatient:
            impatient.setattr(remote_keys, "FETCH_TIMEOUT_SECONDS", 0.25)
            await keys.start()
            await until(lambda: key_server.requests >= 2)
        key_server.recover()
        await until(lambda: keys.find("first") is not None)
    finally:
        await keys.stop()


async def test_body_that_trickles_in_is_abandoned_after_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_keys, "FETCH_TIMEOUT_SECONDS", 0.1)

    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(200):
            await asyncio.sleep(0.005)
            yield b" "
        yield json.dumps({"keys": [JWK]}).encode()

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=trickle()))
    with pytest.raises(KeysUnavailable):
        await RemoteKeys("http://issuer.example/jwks.json", transport=transport).get("first")


async def test_old_keys_serve_while_the_issuer_is_down(key_server: KeyServer, issuer: Issuer) -> None:
    keys = RemoteKeys(key_server.url, cooldown=0)
    verifier = Verifier(issuer=issuer.url, audience=issuer.audience, keys=keys)
    await verifier.verify(issuer.mint())
    await key_server.stop()
    assert (await verifier.verify(issuer.mint("ada"))).subject == "ada"
    with pytest.raises(KeysUnavailable):
        await verifier.verify(issuer.mint(header={"kid": "unknown"}))
    assert (await verifier.verify(issuer.mint("bob"))).subject == "bob"


async def test_while_the_issuer_is_down_unknown_kids_cause_one_fetch_per_cooldown(key_server: KeyServer) -> None:
    key_server.err(status="500 Internal Server Error")
    keys = RemoteKeys(key_server.url, cooldown=3_600)
    for n in range(50):
        with pytest.raises(KeysUnavailable):
            await keys.get(f"unknown-{n}")
    assert key_server.requests == 1


async def test_a_malformed_url_is_keys_unavailable() -> None:
    with pytest.raises(KeysUnavailable):
        await RemoteKeys("http://[issuer/jwks.json").get("first")


async def test_service_without_keys_is_unavailable_and_recovers_by_itself(
    databases: Databases, key_server: KeyServer, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_keys, "RETRY_SECONDS", 0.01)
    issuer.audience = services.POSTS_URL
    await key_server.stop()
    keys = RemoteKeys(key_server.url)
    verifier = Verifier(issuer=issuer.url, audience=issuer.audience, keys=keys)
    async with services.posts(databases, verifier) as posts:
        answer = await posts.http.get("/posts", headers=issuer.bearer())
        assert (answer.status_code, answer.json()["code"]) == (503, "keys_unavailable")
        assert answer.headers["retry-after"] == "1"
        assert (await posts.http.get("/posts")).status_code == 200
        await key_server.start()
        await until(lambda: keys.find("first") is not None)
        assert (await posts.http.get("/posts", headers=issuer.bearer())).status_code == 200
