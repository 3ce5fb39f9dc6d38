"""The addresses of this machine, to which plain http is as safe as https."""

from typing import Final

_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(host: str | None) -> bool:
    """Whether a URL with this host leads to this machine itself, as names below localhost do (RFC 6761 section 6.3)."""
    return host is not None and (host in _HOSTS or host.endswith(".localhost"))
