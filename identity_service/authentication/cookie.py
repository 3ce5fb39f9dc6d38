"""Signing in with a browser: the refresh token lives in a cookie, which works for our own pages only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request, Response

from identity_service.errors import CrossSite

COOKIE: Final = "watchword_refresh"
PATH: Final = "/sessions/current"
CSRF_HEADER: Final = "x-requested-with"


@dataclass(frozen=True, slots=True)
class Browser:
    """Which pages may use the cookie, and whether it may travel without TLS (on one's own machine only)."""

    origins: frozenset[str]
    secure: bool

    @classmethod
    def of(cls, issuer: str, origins: tuple[str, ...]) -> "Browser":
        own = urlsplit(issuer)
        is_local = own.scheme == "http" and own.hostname in ("localhost", "127.0.0.1", "::1")
        return cls(frozenset({f"{own.scheme}://{own.netloc}", *origins}), secure=not is_local)

    def ensure_ours(self, request: Request) -> None:
        """Raise CrossSite unless the page that asks is ours: its Origin is allowed, and it set a header that a form
        or an image cannot set and a foreign page may not."""
        origins = request.headers.getlist("origin")
        if len(origins) != 1 or origins[0] not in self.origins:
            raise CrossSite(f"origin {origins[:1]}")
        if not request.headers.get(CSRF_HEADER):
            raise CrossSite("the header X-Requested-With is missing")

    def keep(self, response: Response, refresh_token: str, expires_at: datetime) -> None:
        response.set_cookie(
            COOKIE, refresh_token, expires=expires_at, path=PATH, httponly=True, secure=self.secure, samesite="strict"
        )

    def forget(self, response: Response) -> None:
        response.delete_cookie(COOKIE, path=PATH, httponly=True, secure=self.secure, samesite="strict")
