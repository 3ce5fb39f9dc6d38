"""The cookie that holds a browser's refresh token, and the check that only our own pages use it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response

from identity_service.errors import CookieRepeated, CrossSite
from watchword.http import problem
from watchword.http.host_cookie import HostCookie

CSRF_HEADER: Final = "x-requested-with"
FORMER_NAME: Final = "watchword_refresh"
FORMER_PATH: Final = "/sessions/current"
"""The cookie of earlier releases. It is never read, because another host could set it and so choose the session."""


@dataclass(frozen=True, slots=True)
class RefreshCookie:
    """`origins` are those of the pages that may use the cookie."""

    cookie: HostCookie
    origins: frozenset[str]

    @classmethod
    def of(cls, issuer: str, origins: tuple[str, ...]) -> "RefreshCookie":
        own = urlsplit(issuer)
        own_origin = f"{own.scheme}://{own.netloc}"
        return cls(HostCookie.of(issuer, FORMER_NAME, "strict"), frozenset({own_origin, *origins}))

    @property
    def name(self) -> str:
        return self.cookie.name

    def ensure_ours(self, request: Request) -> None:
        """Raise CrossSite unless the request comes from a page of ours: its Origin is allowed, and it has a header
        that a form or an image cannot set and a foreign page may not."""
        origins = request.headers.getlist("origin")
        if len(origins) != 1 or origins[0] not in self.origins:
            raise CrossSite(f"origin {origins[:1]}")
        if not request.headers.get(CSRF_HEADER):
            raise CrossSite("the header X-Requested-With is missing")

    def read(self, request: Request) -> str:
        """The refresh token; empty if the browser sends no cookie. Raises CookieRepeated for two cookies of this
        name."""
        values = self.cookie.values(request)
        if len(values) > 1:
            raise CookieRepeated(f"{len(values)} cookies named {self.name}")
        return values[0] if values else ""

    def set(self, response: Response, refresh_token: str, expires_at: datetime) -> None:
        self.cookie.set(response, refresh_token, expires_at=expires_at)
        self._delete_former(response)

    def delete(self, response: Response) -> None:
        self.cookie.delete(response)
        self._delete_former(response)

    def delete_everywhere(self, response: Response, path: str) -> None:
        """Delete every cookie that a browser may send to this path under this name."""
        self.cookie.delete_everywhere(response, path)
        self._delete_former(response)

    def _delete_former(self, response: Response) -> None:
        self.cookie.delete_at(response, FORMER_NAME, FORMER_PATH)


def install(app: FastAPI, cookie: RefreshCookie) -> None:
    """Answer CookieRepeated, and delete the cookies with it: otherwise the next sign-in would be refused too."""

    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, CookieRepeated)  # noqa: S101 - the registration below says so
        response = problem(error)
        cookie.delete_everywhere(response, request.url.path)
        return response

    app.add_exception_handler(CookieRepeated, answer)
