"""Networks as settings write them: single addresses, or networks such as 10.0.0.0/8, and never all addresses."""

from collections.abc import Iterable
from ipaddress import ip_network


def networks(texts: Iterable[str], if_all: str) -> tuple[str, ...]:
    """The networks, each in its usual form. Raises ValueError if one is none, or holds all addresses (`if_all`)."""
    return tuple(_network(text, if_all) for text in texts)


def _network(text: str, if_all: str) -> str:
    if text == "*":
        raise ValueError(if_all)
    try:
        network = ip_network(text)
    except ValueError:
        raise ValueError(
            "it must be addresses, or networks such as 10.0.0.0/8 without bits behind the prefix"
        ) from None
    if network.prefixlen == 0:
        raise ValueError(if_all)
    return str(network.network_address) if network.num_addresses == 1 else str(network)
