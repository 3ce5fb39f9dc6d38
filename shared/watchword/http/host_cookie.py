"""Cookies of this host alone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from fastapi import Request, Response

from watchword.loopback import is_loopback

SameSite = Literal["lax", "strict"]


@dataclass(frozen=True, slots=True)
class HostCookie:
    """`host` is that of the site; `secure` is False only for http on this machine. Scripts of the site's own pages can
    read the cookie if `http_only` is False."""

    name: str
    host: str
    secure: bool
    same_site: SameSite
    http_only: bool = True

    @classmethod
    def of(cls, site: str, name: str, same_site: SameSite, *, http_only: bool = True) -> "HostCookie":
        """The cookie of this name of the site with this URL."""
        own = urlsplit(site)
        is_local = own.scheme == "http" and is_loopback(own.hostname)
        # A browser lets no other host set a cookie with the prefix __Host- (RFC 6265bis section 4.1.3.2). It requires
        # TLS. On this machine the name carries the port instead, because cookies do not tell ports apart.
        full_name = f"{name}_{own.port or 80}" if is_local else f"__Host-{name}"
        return cls(full_name, own.hostname or "", not is_local, same_site, http_only)

    def with_suffix(self, suffix: str) -> "HostCookie":
        """The cookie of this name and a suffix: one of several that a browser has at a time."""
        return replace(self, name=f"{self.name}_{suffix}")

    def values_by_suffix(self, request: Request) -> dict[str, list[str]]:
        """The values of the cookies `with_suffix` that the browser sends, and of any that somebody else has named so.
        Each cookie is looked at once: a stranger chooses how many there are."""
        prefix, values = f"{self.name}_", dict[str, list[str]]()
        for name, value in _cookies(request):
            if name.startswith(prefix):
                values.setdefault(name.removeprefix(prefix), []).append(value)
        return values

    def values(self, request: Request) -> list[str]:
        """The values that the browser sends under this name. Of two, one is not ours, and nothing tells which."""
        return [value for name, value in _cookies(request) if name == self.name]

    def set(
        self, response: Response, value: str, *, expires_at: datetime | None = None, max_age: int | None = None
    ) -> None:
        """Set the cookie until a time, or for so many seconds."""
        response.set_cookie(
            self.name,
            value,
            max_age=max_age,
            expires=expires_at,
            path="/",
            httponly=self.http_only,
            secure=self.secure,
            samesite=self.same_site,
        )

    def delete(self, response: Response) -> None:
        self._delete_at(response, "/")

    def delete_everywhere(self, response: Response, path: str) -> None:
        """Delete every cookie that a browser may send to this path under this name: a cookie is another one for each
        path and domain, and who plants one chooses both.

        A cookie without a name is deleted too: a browser sends nothing but its value, which may be `name=value`.
        """
        for place in _paths_of(path):
            for domain in (None, *_domains_of(self.host)):
                self._delete_at(response, place, domain)
                # Without a value as well, it would be ignored (RFC 6265bis section 5.7).
                of_domain = f"; Domain={domain}" if domain else ""
                response.headers.append("Set-Cookie", f"=deleted; Path={place}; Max-Age=0{of_domain}")

    def _delete_at(self, response: Response, path: str, domain: str | None = None) -> None:
        """Delete the cookie of this path and domain."""
        response.delete_cookie(
            self.name,
            path=path,
            domain=domain,
            httponly=self.http_only,
            secure=self.secure,
            samesite=self.same_site,
        )


def _cookies(request: Request) -> Iterator[tuple[str, str]]:
    """Every cookie of the request, in order, also those of one name."""
    for header in request.headers.getlist("cookie"):
        for pair in header.split(";"):
            # Without an equals sign it is the value of a cookie that has no name.
            name, _, value = pair.partition("=") if "=" in pair else ("", "", pair)
            # Blanks and tabs alone: a name that begins with another white space is another name, and has no prefix that
            # a browser protects.
            yield name.strip(" \t"), value.strip(" \t")


def _paths_of(path: str) -> Iterator[str]:
    """Every path of a cookie that is sent to this path (RFC 6265 section 5.1.4), the root first."""
    yield "/"
    parts = path.strip("/").split("/")
    for end in range(1, len(parts) + 1):
        parent = "/" + "/".join(parts[:end])
        yield parent
        if end < len(parts):
            yield f"{parent}/"


def _domains_of(host: str) -> Iterator[str]:
    """Every domain of a cookie that is sent to this host; none for an address."""
    try:
        ip_address(host)
    except ValueError:
        labels = host.split(".")
        yield from (".".join(labels[start:]) for start in range(max(1, len(labels) - 1)))
