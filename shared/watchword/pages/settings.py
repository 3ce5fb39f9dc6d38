"""What a service says of itself so that people can sign in on its pages."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import httpx

from watchword.arguments import ensure_origin, ensure_text, ensure_web_url
from watchword.loopback import is_loopback
from watchword.pages.sealing import Sealer, sealing_key

CALLBACK: Final = "/auth/callback"
LEAST_SECRET_CHARACTERS: Final = 16
_SCOPE: Final = re.compile(r"[!#-\[\]-~]+")
_COOKIE_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,40}")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesSettings:
    """The client of a service that signs people in on its pages. Raises ValueError, which names the argument, for one
    that is missing, weak or without effect.

    `origin` is that of the service's pages, as browsers write it, and the redirect URI is `<origin>/auth/callback`.
    `scopes` are those of the access tokens beside `openid`, and `audience` is the service that the tokens are for. A
    client that is not a first-party one needs the scope `offline_access`. `sealing_key` is 32 random bytes in base64;
    cookies that were sealed with `former_sealing_key` are valid too. `cookie_name` begins the names of the cookies:
    services on one host need different ones with https. `issuer_address` (`scheme://host[:port]`) is where the issuer
    is reached from here if not at its own URL.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    origin: str
    audience: str
    scopes: Collection[str]
    sealing_key: str = field(repr=False)
    former_sealing_key: str | None = field(default=None, repr=False)
    cookie_name: str = "watchword"
    issuer_address: str | None = None

    def __post_init__(self) -> None:
        ensure_web_url("issuer", self.issuer, "the URL of the issuer, exactly as it is in tokens (iss)")
        ensure_text("client_id", self.client_id, "the id of this service's client at the issuer")
        ensure_web_url("audience", self.audience, "the service that the access tokens are for (aud)")
        _ensure_secret(self.client_secret)
        _ensure_page_origin(self.origin)
        _ensure_scopes(self.scopes)
        if _COOKIE_NAME.fullmatch(self.cookie_name) is None:
            raise ValueError(f"cookie_name: letters, digits and underscores, and not {self.cookie_name!r}")
        if self.issuer_address is not None:
            ensure_origin("issuer_address", self.issuer_address, "scheme://host[:port] and nothing more")
        self.sealer()

    @property
    def redirect_uri(self) -> str:
        return f"{self.origin}{CALLBACK}"

    @property
    def scope(self) -> str:
        """All scopes that are asked for, as OAuth writes them."""
        return " ".join(dict.fromkeys(("openid", *self.scopes)))

    def sealer(self) -> Sealer:
        """What seals the cookies. Raises ValueError for a key that is weak."""
        if self.sealing_key in (self.client_secret, self.former_sealing_key):
            raise ValueError("sealing_key: it must differ from client_secret and from former_sealing_key")
        former = self.former_sealing_key
        former_key = None if former is None else _key("former_sealing_key", former)
        return Sealer(_key("sealing_key", self.sealing_key), former_key)


def _key(name: str, text: str) -> bytes:
    try:
        return sealing_key(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _ensure_secret(secret: object) -> None:
    # Not by ensure_text, which shows what it refuses.
    is_text = isinstance(secret, str) and secret == secret.strip() and secret.isprintable()
    if not is_text or len(str(secret)) < LEAST_SECRET_CHARACTERS:
        raise ValueError(
            f"client_secret: the secret of the client, at least {LEAST_SECRET_CHARACTERS} characters without a space"
            " around them; a client without a secret cannot sign people in on pages"
        )


def _ensure_page_origin(origin: str) -> None:
    url = urlsplit(ensure_origin("origin", origin, "scheme://host[:port] of this service's pages and nothing more"))
    port = f":{url.port}" if url.port not in (None, _DEFAULT_PORTS[url.scheme]) else ""
    host = httpx.URL(origin).raw_host.decode()
    host = f"[{host}]" if ":" in host else host
    if origin != (plain := f"{url.scheme}://{host}{port}"):
        raise ValueError(f"origin: browsers send it as {plain}, and not as {origin!r}")
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ValueError("origin: it must begin with https://, since cookies of http can be read on their way")


def _ensure_scopes(scopes: Collection[str]) -> None:
    if isinstance(scopes, str) or not scopes or not all(_SCOPE.fullmatch(scope) for scope in scopes):
        raise ValueError(f"scopes: a list of the scopes that the access tokens need, and not {scopes!r}")
