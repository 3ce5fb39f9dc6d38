"""The networks from which people may administer."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from watchword.service.trusted_hops import forwarded_address


class AdminNetworks:
    """Callers of the networks `allowed` may administer, or everybody if it names none, but nobody of `denied`."""

    def __init__(self, allowed: Sequence[str], denied: Sequence[str]) -> None:
        self._allowed = [ip_network(text) for text in allowed]
        self._denied = [ip_network(text) for text in denied]

    @property
    def are_limited(self) -> bool:
        """Whether somebody may be refused."""
        return bool(self._allowed or self._denied)

    def reason_against(self, caller: str | None) -> str | None:
        """Why this caller may not administer, for the log; None if they may. A caller without an address never may."""
        text = None if caller is None else forwarded_address(caller)
        if text is None:
            return f"the caller has no address of a network: {caller!r}"
        address = ip_address(text)
        for network in self._denied:
            if address in network:
                return f"{address} is in IDENTITY_ADMIN_DENIED_NETWORKS, by {network}"
        if self._allowed and not any(address in network for network in self._allowed):
            return f"{address} is not in IDENTITY_ADMIN_ALLOWED_NETWORKS"
        return None
