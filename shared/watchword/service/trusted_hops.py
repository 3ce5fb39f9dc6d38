"""The caller's address behind proxies: the one that the outermost trusted proxy has seen."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from starlette.types import Scope

_MAX_CHARACTERS: Final = 100
_WITH_PORT: Final = re.compile(r"\[([^\[\]]+)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")
_SCHEMES: Final = {b"http": "http", b"ws": "http", b"https": "https", b"wss": "https"}


class TrustedHops:
    """Finds callers behind `hops` proxies, of which the one that connects to the server is in the networks `proxies`.

    Each proxy appends the address of its peer to X-Forwarded-For, so the caller's is the last but `hops - 1`; whatever
    is to the left of it, the caller may have written. If there is no address in that place, it is the address of the
    peer: the caller never chooses it.
    """

    def __init__(self, proxies: Iterable[str], hops: int) -> None:
        self._networks = [ip_network(proxy) for proxy in proxies]
        self._hops = hops
        # The same few proxies are the peers of nearly all requests.
        self._trusts = lru_cache(1_024)(self._is_in_networks)

    def apply(self, scope: Scope) -> None:
        """Make the caller the client of this scope; the scheme is the one that the trusted proxy names."""
        client = scope.get("client")
        if client is None or not self._trusts(client[0]):
            return
        lines: list[bytes] = []
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                lines.append(value)
            elif name == b"x-forwarded-proto" and (scheme := _SCHEMES.get(value)):
                scope["scheme"] = scheme if scope["type"] == "http" else scheme.replace("http", "ws")
        if lines and (address := self._address_in(lines)) is not None:
            # The port is that of no connection of this server.
            scope["client"] = (address, 0)

    def _address_in(self, lines: list[bytes]) -> str | None:
        places = b",".join(lines).rsplit(b",", self._hops)
        # The first is the rest, to the left of the trusted places, if there are more addresses than hops.
        place = len(places) - self._hops
        return forwarded_address(places[place].decode("latin-1")) if place >= 0 else None

    def _is_in_networks(self, peer: str) -> bool:
        address = forwarded_address(peer)
        return address is not None and any(ip_address(address) in network for network in self._networks)


def forwarded_address(text: str) -> str | None:
    """The address that a proxy names, in its usual form: without port, brackets and zone, and one of IPv4 that is
    written as IPv6 as one of IPv4. None if the text is no address."""
    bare = text.strip(" \t")
    return _usual_form(bare) if len(bare) <= _MAX_CHARACTERS else None


@lru_cache(1_024)
def _usual_form(bare: str) -> str | None:
    if with_port := _WITH_PORT.fullmatch(bare):
        bare = with_port[1] or with_port[2]
    try:
        address = ip_address(bare.partition("%")[0] if ":" in bare else bare)
    except ValueError:
        return None
    return str((address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address)
