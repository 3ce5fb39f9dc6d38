"""The addresses that requests may be sent to. Somebody who chooses a URL must not reach what only this
service can reach: its own machine, its network, the metadata of its cloud."""

import socket
from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv6Address,
    ip_address,
    ip_network,
)
from typing import Final

from identity_service.outbound.names import Address, Names

_GLOBAL_IPV6: Final = ip_network("2000::/3")
# Special ranges that `ipaddress` of some version of Python calls public: relays to unchecked IPv4 addresses,
# protocol assignments, documentation, and a cloud's service that is reached only from inside.
_SPECIAL: Final = tuple(
    map(
        ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)


class OutboundAddresses:
    """Every public address, and those in `networks`, which the operator allows by IDENTITY_PUSH_NETWORKS. `names` looks
    up those of a host."""

    def __init__(self, networks: Iterable[str] = (), names: Names | None = None) -> None:
        self._networks = tuple(ip_network(network) for network in networks)
        self.names = names or Names()

    def allow(self, address: Address) -> bool:
        return any(address in network for network in self._networks) or _is_public(address)

    def may_allow(self, host: str) -> bool:
        """Whether a URL may have this host. A name may: the addresses that it resolves to are checked at each
        request."""
        literal = literal_address(host)
        return literal is None or self.allow(literal)


def literal_address(host: str) -> Address | None:
    """The address that a host is written as, also in the short forms such as 127.1 that a resolver takes for one; None
    for a name."""
    if host.rstrip(".").lower() == "localhost" or host.rstrip(".").lower().endswith(".localhost"):
        # RFC 6761 section 6.3: no resolver is asked for this name.
        return IPv4Address("127.0.0.1")
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host.rstrip(".")))
    except (OSError, ValueError):
        return None


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_IPV6:
        # Also the forms that hold an address of IPv4: mapped, compatible, translated by NAT64.
        return False
    special = address.is_multicast or address.is_reserved or any(address in network for network in _SPECIAL)
    return address.is_global and not special
