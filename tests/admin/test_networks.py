"""People administer from some networks only, by the address that trusted proxies have seen: everybody else is refused
before anything else is asked of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from identity_service.admin.networks import AdminNetworks
from tests.admin.callers import Headers, administrator
from tests.admin.requests import REQUESTS
from tests.support import services
from tests.support.databases import Databases
from tests.support.documented import documented
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity

PROXY = "10.0.0.9"
STRANGER = "192.0.2.66"
READ = "/admin/permissions"


@pytest.fixture
async def identity(databases: Databases) -> AsyncIterator[Identity]:
    """The identity service behind a proxy. Tests sign in from 127.0.0.1; nobody administers from 192.0.2.64 to .127."""
    await databases.empty("identity", "roles", "role_permissions")
    async with services.identity(
        databases,
        trusted_proxies="10.0.0.0/8",
        admin_allowed_networks="127.0.0.1, 192.0.2.0/24, 2001:db8::/32",
        admin_denied_networks="192.0.2.64/26, 2001:db8:66::/48",
    ) as service:
        yield service


@asynccontextmanager
async def client_at(identity: Identity, peer: str, *forwarded: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose requests come from this peer, with these lines of X-Forwarded-For."""
    transport = httpx.ASGITransport(identity.app, client=(peer, 4711))
    lines = [("X-Forwarded-For", line) for line in forwarded]
    async with httpx.AsyncClient(transport=transport, base_url=IDENTITY_URL, headers=lines) as http:
        yield http


@pytest.mark.parametrize("operation", REQUESTS)
async def test_every_operation_refuses_an_administrator_of_a_denied_network(
    identity: Identity, grace: Headers, operation: str
) -> None:
    method, path = operation.split()
    prepared = await REQUESTS[operation](identity)
    async with client_at(identity, PROXY, STRANGER) as http:
        http.event_hooks = {"response": [documented(identity.app).check]}
        url, headers = path.format(**prepared.path), {**grace, **prepared.headers}
        answer = await http.request(method, url, headers=headers, **prepared.options)
    assert (answer.status_code, answer.json()["code"]) == (403, "network_not_allowed")


@pytest.mark.parametrize(
    ("peer", "forwarded", "status"),
    [
        ("127.0.0.1", [], 200),
        ("192.0.2.1", [], 200),
        ("::ffff:192.0.2.1", [], 200),
        ("2001:db8::1", [], 200),
        (PROXY, ["192.0.2.1"], 200),
        (PROXY, ["::ffff:192.0.2.1"], 200),
        (PROXY, [f"{STRANGER}, 192.0.2.1"], 200),
        (PROXY, [STRANGER, "[2001:db8::1]:4711"], 200),
        (STRANGER, [], 403),
        (f"::ffff:{STRANGER}", [], 403),
        ("2001:db8:66::1", [], 403),
        ("2001:db9::1", [], 403),
        ("198.51.100.1", [], 403),
        (PROXY, [], 403),
        (PROXY, [STRANGER], 403),
        (PROXY, [f"::ffff:{STRANGER}"], 403),
        # What the caller has written is to the left of what the proxy has seen.
        (PROXY, [f"192.0.2.1, {STRANGER}"], 403),
        (PROXY, ["127.0.0.1", STRANGER], 403),
        (PROXY, ["192.0.2.1, unknown"], 403),
        # No proxy of ours: it cannot say who the caller is.
        ("198.51.100.1", ["192.0.2.1"], 403),
    ],
)
async def test_the_address_that_the_proxy_has_seen_decides(
    identity: Identity, grace: Headers, peer: str, forwarded: list[str], status: int
) -> None:
    async with client_at(identity, peer, *forwarded) as http:
        assert (await http.get(READ, headers=grace)).status_code == status


@pytest.mark.parametrize("name", ["Forwarded", "X-Real-IP", "X-Client-IP", "True-Client-IP", "X-Forwarded-Host"])
async def test_no_other_field_says_who_the_caller_is(identity: Identity, grace: Headers, name: str) -> None:
    value = "for=192.0.2.1" if name == "Forwarded" else "192.0.2.1"
    async with client_at(identity, PROXY, STRANGER) as http:
        assert (await http.get(READ, headers={**grace, name: value})).status_code == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/admin", "/admin/", READ, "/admin/nothing", "/admin//users"])
async def test_the_network_is_asked_for_first_and_whatever_is_there(identity: Identity, method: str, path: str) -> None:
    read = False

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read = True
        yield b"["

    async with client_at(identity, STRANGER) as http:
        answer = await http.request(method, path, content=body())
    assert (answer.status_code, read) == (403, False)
    if method != "HEAD":
        assert answer.json()["code"] == "network_not_allowed"


@pytest.mark.parametrize("prefix", ["/identity", "/admin", "/admin/"])
async def test_a_prefix_that_a_proxy_has_set_hides_nothing(identity: Identity, grace: Headers, prefix: str) -> None:
    transport = httpx.ASGITransport(identity.app, root_path=prefix, client=(STRANGER, 4711))
    async with httpx.AsyncClient(transport=transport, base_url=IDENTITY_URL, headers=grace) as http:
        assert (await http.get(f"{prefix}{READ}")).status_code == 403


@pytest.mark.parametrize("path", ["/livez", "/administration", "/adminx/users", "/users/me", "/sign-in"])
async def test_nothing_else_is_refused_to_any_network(identity: Identity, path: str) -> None:
    async with client_at(identity, STRANGER) as http:
        assert "network_not_allowed" not in (await http.get(path)).text


async def test_refusal_of_a_page_is_a_page(identity: Identity) -> None:
    async with client_at(identity, STRANGER) as http:
        for path in ("/admin/ui", "/admin/ui/users"):
            answer = await http.get(path)
            assert answer.status_code == 403
            assert answer.headers["Content-Type"].startswith("text/html")
            assert "Administrators cannot work from your network" in answer.text


async def test_a_page_of_an_allowed_origin_may_read_the_refusal(identity: Identity) -> None:
    async with client_at(identity, STRANGER) as http:
        answer = await http.get(READ, headers={"Origin": POSTS_URL})
    assert answer.status_code == 403
    assert answer.headers["Access-Control-Allow-Origin"] == POSTS_URL
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("caller", "reason"),
    [
        (STRANGER, "192.0.2.66 is in IDENTITY_ADMIN_DENIED_NETWORKS, by 192.0.2.64/26"),
        ("198.51.100.1", "198.51.100.1 is not in IDENTITY_ADMIN_ALLOWED_NETWORKS"),
    ],
)
async def test_the_reason_is_in_the_log(
    identity: Identity, caplog: pytest.LogCaptureFixture, caller: str, reason: str
) -> None:
    with caplog.at_level("INFO", "watchword.refusals"):
        async with client_at(identity, caller) as http:
            answer = await http.get(READ)
    assert reason not in answer.text
    assert f"refused: {reason} (403 network_not_allowed)" in caplog.messages


async def test_without_networks_administrators_are_anywhere(identity_at: Identity) -> None:
    headers = await administrator(identity_at)
    async with client_at(identity_at, STRANGER) as http:
        assert (await http.get(READ, headers=headers)).status_code == 200


@pytest.mark.parametrize("caller", [None, "", "testclient", "/run/identity.sock"])
@pytest.mark.parametrize(("allowed", "denied"), [(["192.0.2.0/24"], []), ([], ["192.0.2.0/24"])])
def test_caller_without_an_address_may_not_administer(
    caller: str | None, allowed: list[str], denied: list[str]
) -> None:
    assert AdminNetworks(allowed, denied).reason_against(caller) is not None


def test_caller_of_no_denied_network_may_administer_if_no_network_is_allowed() -> None:
    networks = AdminNetworks([], ["192.0.2.0/24"])
    assert networks.reason_against("198.51.100.1") is None
    assert networks.reason_against("fe80::1%eth0") is None
