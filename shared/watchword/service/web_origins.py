"""Origins, the issuer's URL and audiences in settings: each is in its one form, or is refused with what to write.

No message repeats the value as it was given: it may be a secret that was set in the wrong place.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx

from watchword.loopback import is_loopback

EVERY_ORIGIN: Final = "*"

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_WEB: Final = frozenset(_DEFAULT_PORTS)
# Apps that show web pages, and extensions of browsers, send origins of these schemes.
_APPS: Final = frozenset({"app", "capacitor", "chrome-extension", "ionic", "moz-extension", "tauri"})
_MOST_CHARACTERS_OF_LABEL: Final = 63
_HOST: Final = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?")


def origin(text: str, schemes: frozenset[str] = _WEB) -> str:
    """The origin in the form that browsers send (RFC 6454 section 6.2): lower case, IDNA, without a default port.

    Raises ValueError unless the text is an origin and nothing more; one slash at its end is allowed.
    """
    if text.startswith("[") or '"' in text or "'" in text:
        raise ValueError("write origins without brackets and quotes, separated by commas")
    if text.lower() == "null":
        raise ValueError("null is the origin of every sandboxed page and of every local file: it cannot be allowed")
    if "*" in text:
        raise ValueError("an origin has no wildcard: write each one in full")
    url = _split(text, schemes)
    plain = f"{url.scheme}://{_host(url)}{_port(url)}"
    if url.path not in ("", "/") or "?" in text or "#" in text:
        raise ValueError(f"it must have no path, query or fragment: write {plain}")
    return plain


def page_origins(texts: Iterable[str]) -> tuple[str, ...]:
    """The origins of pages in the form that browsers send, each once. `*`, every origin, must stand alone."""
    texts = tuple(texts)
    if EVERY_ORIGIN in texts:
        if len(texts) > 1:
            raise ValueError("* allows every origin: leave the others out, or leave out *")
        return texts
    return tuple(dict.fromkeys(origin(text, _WEB | _APPS) for text in texts))


def origin_with_cookies(text: str) -> str:
    """The origin of pages that keep cookies. Raises ValueError if these could be read on their way."""
    plain = origin(text)
    if plain.startswith("http://") and not is_loopback(urlsplit(plain).hostname):
        raise ValueError(f"cookies of {plain} could be read on their way: write the https:// origin of the pages")
    return plain


def origin_of_url(text: str) -> str:
    """The origin of an http(s) URL, in the form that browsers send. Raises ValueError if nothing could be fetched."""
    url = _split(text, _WEB)
    return f"{url.scheme}://{_host(url)}{_port(url)}"


def issuer_url(text: str) -> str:
    """The issuer, unchanged. Raises ValueError unless it is an origin in the form that `origin` returns.

    It is not normalised, because tokens carry it and every service compares it, character by character.
    """
    plain = origin(text)
    if text != plain:
        raise ValueError(f"tokens carry it exactly as it is written here: write {plain}")
    return text


def web_url(text: str) -> str:
    """The http(s) URL, unchanged. Raises ValueError if nothing could be fetched from it."""
    url = _split(text, _WEB)
    _host(url), _port(url)
    if "#" in text:
        raise ValueError("it must have no fragment")
    return text


def audience_url(text: str) -> str:
    """The audience, unchanged. Raises ValueError unless it is an http(s) URL without fragment (RFC 8707 section 2)."""
    if not text.isascii():
        raise ValueError("it must have ASCII characters only")
    return web_url(text)


def _split(text: str, schemes: frozenset[str]) -> SplitResult:
    if re.search(r"[\s\\]", text) or not text.isprintable():
        raise ValueError("it must contain no space and no backslash")
    try:
        url = urlsplit(text)
    except ValueError:
        raise ValueError("it is no URL") from None
    if url.scheme not in schemes or not text[len(url.scheme) :].startswith("://"):
        raise ValueError("it must begin with http:// or https://")
    if "@" in url.netloc:
        raise ValueError("it must have no user name and no password")
    return url


def _host(url: SplitResult) -> str:
    """The host as browsers write it. Raises ValueError if there is none, or none that a browser would call."""
    name = url.hostname or ""
    try:
        if "[" in url.netloc and "%" not in name:
            return f"[{IPv6Address(name).compressed}]"
        known = httpx.URL(f"http://{name}")
        # Reading `host` raises IDNAError for a label (xn--…) that no request can be sent to.
        host = known.raw_host.decode("ascii") if known.host else ""
    except (ValueError, httpx.InvalidURL):
        host = ""
    if not _HOST.fullmatch(host) or ".." in host or max(map(len, host.split("."))) > _MOST_CHARACTERS_OF_LABEL:
        raise ValueError("it has no valid host")
    if re.fullmatch(r"\d+|0x[0-9a-f]*", host.rstrip(".").rpartition(".")[2]):
        # The last part is a number, so browsers take it for an IPv4 address, and send that in its usual form.
        try:
            ip_address(host)
        except ValueError:
            raise ValueError("its host is no valid IPv4 address") from None
    return host


def _port(url: SplitResult) -> str:
    try:
        port = url.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("its port must be a number from 1 to 65535")
    return "" if port is None or port == _DEFAULT_PORTS.get(url.scheme) else f":{port}"
