"""The caller behind proxies is whom the outermost trusted one has seen, and never a text that the caller wrote."""

from typing import Any

import pytest

from watchword.service.trusted_hops import TrustedHops, forwarded_address

PROXY = "10.0.0.9"
CALLER = "203.0.113.9"


def client_of(*lines: str, peer: str = PROXY, hops: int = 1) -> str:
    """The caller's address if this peer sends these lines of X-Forwarded-For."""
    headers = [(b"host", b"localhost"), *((b"x-forwarded-for", line.encode("latin-1")) for line in lines)]
    scope: dict[str, Any] = {"type": "http", "client": (peer, 4711), "headers": headers}
    TrustedHops(("10.0.0.0/8", "fd00::/8"), hops).apply(scope)
    return str(scope["client"][0])


def scheme_of(named: str, peer: str = PROXY, kind: str = "http") -> str:
    scheme = "http" if kind == "http" else "ws"
    headers = [(b"x-forwarded-proto", named.encode())]
    scope: dict[str, Any] = {"type": kind, "client": (peer, 4711), "headers": headers, "scheme": scheme}
    TrustedHops((PROXY,), 1).apply(scope)
    return str(scope["scheme"])


@pytest.mark.parametrize("peer", [CALLER, "2001:db8::1", "testclient"])
@pytest.mark.parametrize("hops", [1, 2])
def test_field_of_a_peer_that_is_not_trusted_is_ignored(peer: str, hops: int) -> None:
    assert client_of("10.0.0.1, 10.0.0.2", peer=peer, hops=hops) == peer


@pytest.mark.parametrize("peer", [PROXY, "::ffff:10.0.0.9", "fd00::1", "fd00::1%eth0"])
def test_trusted_peer_names_the_caller(peer: str) -> None:
    assert client_of(CALLER, peer=peer) == CALLER


def test_caller_inside_a_trusted_network_cannot_choose_its_address() -> None:
    assert client_of("198.51.100.1, 10.1.1.1") == "10.1.1.1"
    assert client_of("198.51.100.1", "10.1.1.1") == "10.1.1.1"


@pytest.mark.parametrize(
    "lines",
    [
        (f"198.51.100.1, {CALLER}, 192.0.2.1",),
        (f"198.51.100.1, {CALLER}", "192.0.2.1"),
        ("198.51.100.1", CALLER, "192.0.2.1"),
        ("198.51.100.1", f"{CALLER},192.0.2.1"),
        (f"{CALLER},\t192.0.2.1 ",),
    ],
)
def test_the_second_of_two_hops_from_the_end_is_the_caller_over_all_lines(lines: tuple[str, ...]) -> None:
    assert client_of(*lines, hops=2) == CALLER


@pytest.mark.parametrize("lines", [(), ("",), (CALLER,), (f", {CALLER}",), ("unknown", CALLER)])
def test_fewer_addresses_than_hops_leave_the_address_of_the_peer(lines: tuple[str, ...]) -> None:
    assert client_of(*lines, hops=2) == PROXY


@pytest.mark.parametrize(
    "text",
    [
        *("", "unknown", "_hidden", "example.com", "256.1.1.1", "1.2.3", "::1::", "[::1", "[::1]:", "[::1]x"),
        *("203.0.113.9:http", "203.0.113.9:123456", "203.0.113.9%eth0", "203.0.113.0/24", "\xa0203.0.113.9"),
        *('"203.0.113.9"', "<script>", "1" * 10_000, "fe80::1%" + "z" * 10_000),
    ],
)
def test_what_is_no_address_leaves_the_address_of_the_peer(text: str) -> None:
    assert client_of(f"{CALLER}, {text}") == PROXY


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.9:4711", CALLER),
        ("::ffff:203.0.113.9", CALLER),
        ("[::ffff:203.0.113.9]:4711", CALLER),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%eth0]:443", "fe80::1"),
    ],
)
def test_an_address_is_in_its_usual_form_without_port_brackets_and_zone(text: str, address: str) -> None:
    assert forwarded_address(text) == address
    assert client_of(text) == address


def test_client_without_an_address_has_none() -> None:
    scope: dict[str, Any] = {"type": "http", "client": None, "headers": [(b"x-forwarded-for", CALLER.encode())]}
    TrustedHops((PROXY,), 1).apply(scope)
    assert scope["client"] is None


def test_only_a_trusted_peer_names_the_scheme() -> None:
    assert (scheme_of("https"), scheme_of("https", kind="websocket"), scheme_of("http")) == ("https", "wss", "http")
    assert (scheme_of("https", peer=CALLER), scheme_of("gopher"), scheme_of("")) == ("http",) * 3
