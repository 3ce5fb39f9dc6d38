"""Redirect URIs: where the answer to an authorization request may go."""

import re
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from identity_service.clients.models import ApplicationType, Client
from watchword.loopback import is_loopback
from watchword.service.web_origins import origin_of_url, web_url

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
_WEB: Final = frozenset({"http", "https"})
_MAX_CHARACTERS: Final = 500
_ANSWER_PARAMETERS: Final = frozenset({"code", "error", "error_description", "iss", "state"})
"""The parameters that an answer adds to the query."""
_URI: Final = re.compile(r"[!-~]+")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
"""A domain name of the application's owner in reverse order (RFC 8252 section 7.1)."""


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
    """The origin of a registered redirect URI as a Content-Security-Policy names it.

    It is the scheme alone for a private-use one, and for an address of IPv6, which a policy cannot name.
    """
    url = urlsplit(uri)
    has_name = url.scheme in _WEB and "[" not in url.netloc
    return f"{url.scheme}://{url.netloc}" if has_name else f"{url.scheme}:"


def fault(uri: str, application_type: str) -> str | None:
    """Why a client of this type cannot register the URI; None if it can (RFC 9700 section 2.1, RFC 8252 section 7)."""
    if fault := _form_fault(uri):
        return fault
    scheme = urlsplit(uri).scheme
    if scheme in _WEB:
        return web_fault(uri)
    if application_type != ApplicationType.NATIVE:
        return "it must begin with https://; only a native application may have a scheme of its own"
    if _SCHEME.fullmatch(uri.partition(":")[0]) is None:
        return (
            "a scheme of an application is its owner's domain name in reverse order, such as com.example.app:/callback"
        )
    return None


def web_fault(uri: str) -> str | None:
    """Why this is not an http(s) URI to which secrets can be sent safely; None if it is one."""
    try:
        url, origin = urlsplit(web_url(uri)), origin_of_url(uri)
    except ValueError as error:
        return str(error)
    if url.scheme == "http" and not is_loopback(url.hostname):
        return "it must begin with https://; http is for addresses of this machine, such as http://127.0.0.1/callback"
    if f"{uri.partition(':')[0]}://{url.netloc}" != origin:
        return f"it must begin as browsers write it: {origin}"
    return None


def _form_fault(uri: str) -> str | None:
    if len(uri) > _MAX_CHARACTERS:
        return f"it must have at most {_MAX_CHARACTERS} characters"
    if _URI.fullmatch(uri) is None or "\\" in uri:
        return "it must have visible ASCII characters only, and no backslash"
    if "#" in uri:
        return "it must have no fragment"
    url = _split(uri)
    if url is None or not url.scheme:
        return "it must be absolute, such as https://app.example/callback"
    conflicts = sorted(
        _ANSWER_PARAMETERS.intersection(name for name, _ in parse_qsl(url.query, keep_blank_values=True))
    )
    return f"its query must not have {conflicts[0]}, which the answer adds" if conflicts else None


def _split(uri: str) -> SplitResult | None:
    try:
        return urlsplit(uri)
    except ValueError:
        return None


def _without_loopback_port(uri: str, client: Client) -> str | None:
    """The URI of a loopback address without its port; None for any other URI."""
    try:
        url = urlsplit(uri)
        host, port = url.hostname, url.port
    except ValueError:
        return None
    has_free_port = host in _LOOPBACK or (host == "localhost" and client.application_type == ApplicationType.NATIVE)
    if url.scheme != "http" or not has_free_port:
        return None
    suffix = "" if port is None else f":{port}"
    # In one form only: what follows the port must be exactly as it is registered.
    prefix = f"http://{url.netloc}"
    return uri.replace(prefix, prefix.removesuffix(suffix), 1) if uri.startswith(prefix) else None
