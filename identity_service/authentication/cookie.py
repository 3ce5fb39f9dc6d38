"""The cookie that holds a browser's refresh token, and the check that only our own pages use it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request, Response

from identity_service.errors import CrossSite
from identity_service.loopback import is_loopback

COOKIE: Final = "watchword_refresh"
PATH: Final = "/sessions/current"
CSRF_HEADER: Final = "x-requested-with"


@dataclass(frozen=True, slots=True)
class RefreshCookie:
    """`origins` are those of the pages that may use the cookie; `secure` is False only for http on this machine."""

    origins: frozenset[str]
    secure: bool

    @classmethod
    def of(cls, issuer: str, origins: tuple[str, ...]) -> "RefreshCookie":
        own = urlsplit(issuer)
        is_local = own.scheme == "http" and is_loopback(own.hostname)
        return cls(frozenset({f"{own.scheme}://{own.netloc}", *origins}), secure=not is_local)

    def ensure_ours(self, request: Request) -> None:
        """Raise CrossSite unless the request comes from a page of ours: its Origin is allowed, and it has a header
        that a form or an image cannot set and a foreign page may not."""
        origins = request.headers.getlist("origin")
        if len(origins) != 1 or origins[0] not in self.origins:
            raise CrossSite(f"origin {origins[:1]}")
        if not request.headers.get(CSRF_HEADER):
            raise CrossSite("the header X-Requested-With is missing")

    def read(self, request: Request) -> str:
        """The refresh token; empty if the browser sends no cookie."""
        return request.cookies.get(COOKIE, "")

    def set(self, response: Response, refresh_token: str, expires_at: datetime) -> None:
        response.set_cookie(
            COOKIE, refresh_token, expires=expires_at, path=PATH, httponly=True, secure=self.secure, samesite="strict"
        )

    def delete(self, response: Response) -> None:
        response.delete_cookie(COOKIE, path=PATH, httponly=True, secure=self.secure, samesite="strict")
