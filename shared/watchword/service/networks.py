"""Networks as settings write them: single addresses, or networks such as 10.0.0.0/8, and never all addresses."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


def networks(texts: Iterable[str], if_all: str) -> tuple[str, ...]:
    """The networks, each in its usual form. Raises ValueError if one is none, or holds all addresses (`if_all`)."""
    return tuple(_network(text, if_all) for text in texts)


def peer_address(text: str) -> str:
    """The address of a peer in its usual form: a socket for IPv6 that also takes IPv4 writes ::ffff:10.0.0.1 for
    10.0.0.1, which is in no network of IPv4."""
    mapped = IPv6Address(text).ipv4_mapped if text.startswith("::ffff:") else None
    return text if mapped is None else str(mapped)


def address_to_count(address: str) -> str:
    """The address as limits count it: the network for IPv6, in which one household has 2**64 addresses."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        # What a server names otherwise, such as "unknown", counts as one address.
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
    return address


def _network(text: str, if_all: str) -> str:
    if text == "*":
        raise ValueError(if_all)
    try:
        network = _as_ipv4(ip_network(text))
    except ValueError:
        raise ValueError(
            "it must be addresses, or networks such as 10.0.0.0/8 without bits behind the prefix"
        ) from None
    if network.prefixlen == 0:
        raise ValueError(if_all)
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def _as_ipv4(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """The network of IPv4 that is written as ::ffff:10.0.0.0/104; any other unchanged."""
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    return network if mapped is None else IPv4Network((mapped, network.prefixlen - 96))
