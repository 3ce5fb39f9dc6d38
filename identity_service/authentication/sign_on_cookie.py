"""The cookies that hold the secrets of a browser: of its sign-on, and of a sign-in that lacks its second factor."""

from datetime import datetime
from typing import ClassVar

from fastapi import Request, Response

from watchword.http.host_cookie import HostCookie


class _SecretCookie:
    """A cookie with a secret. The browser sends it when a person follows a link from another site (SameSite=Lax), but
    with no form of one."""

    NAME: ClassVar[str]

    def __init__(self, issuer: str) -> None:
        self._cookie = HostCookie.of(issuer, self.NAME, "lax")

    def read(self, request: Request) -> str:
        """The secret; empty if the browser sends none, or several: one of them is not ours, and nothing tells which."""
        values = self._cookie.values(request)
        return values[0] if len(values) == 1 else ""

    def set(self, request: Request, response: Response, secret: str, expires_at: datetime) -> None:
        self.delete_repeated(request, response)
        self._cookie.set(response, secret, expires_at=expires_at)

    def delete(self, request: Request, response: Response) -> None:
        self.delete_repeated(request, response)
        self._cookie.delete(response)

    def delete_repeated(self, request: Request, response: Response) -> None:
        """Delete every cookie of this name if the browser sends several: otherwise none of them would count."""
        if len(self._cookie.values(request)) > 1:
            self._cookie.delete_everywhere(response, request.url.path)


class SignOnCookie(_SecretCookie):
    """The cookie of a sign-on."""

    NAME = "watchword_sign_on"


class HalfOpenCookie(_SecretCookie):
    """The cookie of a half-open sign-in."""

    NAME = "watchword_half_open"
