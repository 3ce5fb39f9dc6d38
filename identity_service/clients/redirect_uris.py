"""Redirect URIs: where the answer to an authorization request may go."""

from typing import Final
from urllib.parse import urlsplit

from identity_service.clients.models import ApplicationType, Client

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
_WEB: Final = frozenset({"http", "https"})


def is_registered(client: Client, uri: str) -> bool:
    """Whether the client has registered this redirect URI, character by character (RFC 9700 section 2.1).

    Only the port of a loopback address is free, since an app on a device takes any that it gets (RFC 8252 section 7.3).
    """
    if uri in client.redirect_uris:
        return True
    without_port = _without_loopback_port(uri, client)
    return without_port is not None and any(
        _without_loopback_port(registered, client) == without_port for registered in client.redirect_uris
    )


def origin_of(uri: str) -> str:
    """The origin of a registered redirect URI as a Content-Security-Policy names it; of a private-use scheme, the
    scheme."""
    url = urlsplit(uri)
    return f"{url.scheme}://{url.netloc}" if url.scheme in _WEB else f"{url.scheme}:"


def _without_loopback_port(uri: str, client: Client) -> str | None:
    """The URI of a loopback address without its port; None for any other URI."""
    try:
        url = urlsplit(uri)
        host, port = url.hostname, url.port
    except ValueError:
        return None
    is_loopback = host in _LOOPBACK or (host == "localhost" and client.application_type == ApplicationType.NATIVE)
    if url.scheme != "http" or not is_loopback:
        return None
    suffix = "" if port is None else f":{port}"
    # In one form only: what follows the port must be exactly as it is registered.
    prefix = f"http://{url.netloc}"
    return uri.replace(prefix, prefix.removesuffix(suffix), 1) if uri.startswith(prefix) else None
