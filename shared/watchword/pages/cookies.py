"""The two cookies of a service with pages, and the check that only its own pages use the session."""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from fastapi import Request, Response

from watchword.http.host_cookie import HostCookie, SameSite
from watchword.pages.errors import CookieRepeated, ForeignOrigin, SignInFailed
from watchword.pages.sealing import Sealer
from watchword.pages.settings import PagesSettings
from watchword.pages.values import SESSION_SECONDS, SIGN_IN_SECONDS, PageSession, PendingSignIn

MAX_COOKIE_BYTES: Final = 4_096
"""What browsers store of a cookie's name and value (RFC 6265 section 6.1); they drop a larger one in silence."""

Content = TypeVar("Content", PendingSignIn, PageSession)


class SealedCookie(Generic[Content]):
    """A cookie whose content this service alone can read and make."""

    def __init__(self, cookie: HostCookie, sealer: Sealer, read: Callable[[bytes], Content], seconds: int) -> None:
        self._cookie = cookie
        self._sealer = sealer
        self._read: Callable[[bytes], Content] = read
        self._seconds = seconds

    def read(self, request: Request) -> Content | None:
        """The content; None if there is no cookie, or one that was not sealed here. Raises CookieRepeated for two."""
        values = self._cookie.values(request)
        if len(values) > 1:
            raise CookieRepeated(f"{len(values)} cookies named {self._cookie.name}")
        content = self._sealer.open(self._cookie.name, values[0]) if values else None
        return None if content is None else self._read(content)

    def set(self, response: Response, content: Content) -> None:
        """Raises SignInFailed if the cookie is larger than browsers keep."""
        value = self._sealer.seal(self._cookie.name, content.write())
        if (size := len(self._cookie.name) + len(value)) > MAX_COOKIE_BYTES:
            raise SignInFailed(f"{self._cookie.name} has {size} bytes, and browsers keep {MAX_COOKIE_BYTES}")
        self._cookie.set(response, value, max_age=self._seconds)

    def delete(self, response: Response) -> None:
        self._cookie.delete(response)

    def delete_everywhere(self, request: Request, response: Response) -> None:
        self._cookie.delete_everywhere(response, request.url.path)


class PageCookies:
    """`pending` is sent with the answer that comes from the issuer's site (SameSite=Lax). `session` is sent by pages of
    this site alone (SameSite=Strict)."""

    def __init__(self, settings: PagesSettings) -> None:
        self._origin = settings.origin
        sealer = settings.sealer()

        def named(name: str, same_site: SameSite) -> HostCookie:
            return HostCookie.of(settings.origin, f"{settings.cookie_name}_{name}", same_site)

        self.pending = SealedCookie(named("sign_in", "lax"), sealer, PendingSignIn.read, SIGN_IN_SECONDS)
        self.session = SealedCookie(named("session", "strict"), sealer, PageSession.read, SESSION_SECONDS)

    def ensure_own(self, request: Request) -> None:
        """Raise ForeignOrigin unless the request comes from a page of this service. Browsers send Origin with every
        POST."""
        origins = request.headers.getlist("origin")
        if origins != [self._origin]:
            raise ForeignOrigin(f"origin {origins[:1]}")
