"""The issuer's metadata (OpenID Connect Discovery section 3): where a person signs in, and where tokens come from."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Self
from urllib.parse import urlsplit

from watchword.arguments import ensure_web_url
from watchword.lines import quoted
from watchword.pages.errors import IssuerUnavailable

PATH: Final = "/.well-known/openid-configuration"


class Metadata(NamedTuple):
    """The endpoints of an issuer. Without the last two, nothing is revoked there, or nobody is signed out there."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    revocation_endpoint: str | None
    end_session_endpoint: str | None

    @classmethod
    def of(cls, document: Mapping[str, Any], issuer: str) -> Self:
        """The metadata in this document. Raises IssuerUnavailable, with the member that is wrong for the log, if it is
        another issuer's (section 4.3) or lacks an endpoint."""
        if document.get("issuer") != issuer:
            raise IssuerUnavailable(f"the metadata of {issuer} is that of {quoted(document.get('issuer'))}")
        return cls(
            _url(document, "authorization_endpoint", issuer),
            _url(document, "token_endpoint", issuer),
            _url(document, "jwks_uri", issuer),
            _url_or_none(document, "revocation_endpoint", issuer),
            _url_or_none(document, "end_session_endpoint", issuer),
        )


def _url(document: Mapping[str, Any], name: str, issuer: str) -> str:
    """An https URL; http, if the issuer itself has an http URL."""
    try:
        url = ensure_web_url(name, document.get(name), "a URL")
    except ValueError as error:
        raise IssuerUnavailable(f"the metadata of {issuer}: {error}") from None
    if urlsplit(url).scheme not in ("https", urlsplit(issuer).scheme):
        raise IssuerUnavailable(f"the metadata of {issuer}: {name} is not an https URL")
    return url


def _url_or_none(document: Mapping[str, Any], name: str, issuer: str) -> str | None:
    return _url(document, name, issuer) if name in document else None
