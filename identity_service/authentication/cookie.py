"""The cookie that holds a browser's refresh token, and the check that only our own pages use it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response

from identity_service.errors import CookieRepeated, CrossSite
from identity_service.loopback import is_loopback
from watchword.http import problem

CSRF_HEADER: Final = "x-requested-with"
FORMER_NAME: Final = "watchword_refresh"
FORMER_PATH: Final = "/sessions/current"
"""The cookie of earlier releases. It is never read, because another host could set it and so choose the session."""


@dataclass(frozen=True, slots=True)
class RefreshCookie:
    """`origins` are those of the pages that may use the cookie; `host` is the issuer's; `secure` is False only for http
    on this machine."""

    name: str
    origins: frozenset[str]
    host: str
    secure: bool

    @classmethod
    def of(cls, issuer: str, origins: tuple[str, ...]) -> "RefreshCookie":
        own = urlsplit(issuer)
        is_local = own.scheme == "http" and is_loopback(own.hostname)
        # A browser lets no other host set a cookie with the prefix __Host- (RFC 6265bis section 4.1.3.2). It requires
        # TLS. On this machine the name carries the port instead, because cookies do not tell ports apart.
        name = f"{FORMER_NAME}_{own.port or 80}" if is_local else f"__Host-{FORMER_NAME}"
        own_origin = f"{own.scheme}://{own.netloc}"
        return cls(name, frozenset({own_origin, *origins}), own.hostname or "", secure=not is_local)

    def ensure_ours(self, request: Request) -> None:
        """Raise CrossSite unless the request comes from a page of ours: its Origin is allowed, and it has a header
        that a form or an image cannot set and a foreign page may not."""
        origins = request.headers.getlist("origin")
        if len(origins) != 1 or origins[0] not in self.origins:
            raise CrossSite(f"origin {origins[:1]}")
        if not request.headers.get(CSRF_HEADER):
            raise CrossSite("the header X-Requested-With is missing")

    def read(self, request: Request) -> str:
        """The refresh token; empty if the browser sends no cookie.

        Raises CookieRepeated for two cookies of this name: one is not ours, and nothing tells which.
        """
        values = [value for name, value in cookies(request) if name == self.name]
        if len(values) > 1:
            raise CookieRepeated(f"{len(values)} cookies named {self.name}")
        return values[0] if values else ""

    def set(self, response: Response, refresh_token: str, expires_at: datetime) -> None:
        response.set_cookie(
            self.name, refresh_token, expires=expires_at, path="/", httponly=True, secure=self.secure, samesite="strict"
        )
        self._delete(response, FORMER_NAME, FORMER_PATH)

    def delete(self, response: Response) -> None:
        self._delete(response, self.name, "/")
        self._delete(response, FORMER_NAME, FORMER_PATH)

    def delete_everywhere(self, response: Response, path: str) -> None:
        """Delete every cookie that a browser may send to this path under this name: a cookie is another one for each
        path and domain, and who plants one chooses both.

        A cookie without a name is deleted too: a browser sends nothing but its value, which may be `name=value`.
        """
        for place in _paths_of(path):
            for domain in (None, *_domains_of(self.host)):
                self._delete(response, self.name, place, domain)
                # Without a value as well, it would be ignored (RFC 6265bis section 5.7).
                of_domain = f"; Domain={domain}" if domain else ""
                response.headers.append("Set-Cookie", f"=deleted; Path={place}; Max-Age=0{of_domain}")
        self._delete(response, FORMER_NAME, FORMER_PATH)

    def _delete(self, response: Response, name: str, path: str, domain: str | None = None) -> None:
        response.delete_cookie(name, path=path, domain=domain, httponly=True, secure=self.secure, samesite="strict")


def install(app: FastAPI, cookie: RefreshCookie) -> None:
    """Answer CookieRepeated, and delete the cookies with it: otherwise the next sign-in would be refused too."""

    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, CookieRepeated)  # noqa: S101 - the registration below says so
        response = problem(error)
        cookie.delete_everywhere(response, request.url.path)
        return response

    app.add_exception_handler(CookieRepeated, answer)


def cookies(request: Request) -> Iterator[tuple[str, str]]:
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
