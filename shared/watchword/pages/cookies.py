"""The cookies of a service with pages, and the check that only its own pages use the session."""

import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final, Generic, TypeVar

from fastapi import Request, Response

from watchword.http.host_cookie import HostCookie, SameSite
from watchword.pages.errors import CookieRepeated, ForeignOrigin, SignInFailed
from watchword.pages.sealing import Sealer
from watchword.pages.settings import PagesSettings
from watchword.pages.values import SESSION_SECONDS, SIGN_IN_SECONDS, PageSession, PendingSignIn

MAX_COOKIE_BYTES: Final = 4_096
"""What browsers store of a cookie's name and value (RFC 6265 section 6.1); they drop a larger one in silence."""

MOST_PENDING: Final = 4
"""How many sign-ins may be under way in a browser. More cookies would make its requests too large for servers."""

MARK: Final = "1"
"""The value of the cookie that says that there is a session."""

_SUFFIX_DIGITS: Final = 16
_SUFFIX: Final = re.compile(rf"[0-9a-f]{{{_SUFFIX_DIGITS}}}")

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
        return self.open(self._cookie.values(request))

    def open(self, values: Sequence[str]) -> Content | None:
        """What `read` returns if the browser sends these values."""
        if len(values) > 1:
            raise CookieRepeated(f"{len(values)} cookies named {self._cookie.name}")
        content = self._sealer.open(self._cookie.name, values[0]) if values else None
        try:
            return None if content is None else self._read(content)
        except (TypeError, ValueError):
            # Another release, which runs beside this one while it is replaced, holds something else in the cookie.
            return None

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


class PendingCookies:
    """A cookie for each sign-in that is under way, named for its state: tabs that sign in at once do not disturb each
    other, and an answer with another state ends no sign-in."""

    def __init__(self, cookie: HostCookie, sealer: Sealer) -> None:
        self._cookie = cookie
        self._sealer = sealer

    def of(self, state: str) -> SealedCookie[PendingSignIn]:
        """The cookie of the sign-in with this state, if there is one."""
        return self._named(sha256(state.encode()).hexdigest()[:_SUFFIX_DIGITS])

    def add(self, request: Request, response: Response, pending: PendingSignIn) -> None:
        """Set the cookie of a sign-in. Of those that the browser has, the newest stay."""
        self.of(pending.state).set(response, pending)
        ends: dict[str, float] = {}
        for suffix, values in self._cookie.values_by_suffix(request).items():
            if _SUFFIX.fullmatch(suffix) is None:
                continue
            try:
                other = self._named(suffix).open(values)
            except CookieRepeated:
                other = None
            ends[suffix] = other.expires_at if other else 0.0
        for suffix in sorted(ends, key=ends.__getitem__)[: 1 - MOST_PENDING]:
            self._named(suffix).delete(response)

    def _named(self, suffix: str) -> SealedCookie[PendingSignIn]:
        return SealedCookie(self._cookie.with_suffix(suffix), self._sealer, PendingSignIn.read, SIGN_IN_SECONDS)


class SessionCookie:
    """The session, sealed, and beside it a mark that scripts can read: a page asks for an access token only if the mark
    is there, so that nobody else's page load ends with a 401. The mark is no secret, and opens nothing."""

    def __init__(self, session: SealedCookie[PageSession], mark: HostCookie) -> None:
        self._session = session
        self._mark = mark

    def read(self, request: Request) -> PageSession | None:
        """The session; None if there is none, or one that was not sealed here. Raises CookieRepeated for two."""
        return self._session.read(request)

    def set(self, response: Response, session: PageSession) -> None:
        """Raises SignInFailed if the session is larger than browsers keep."""
        self._session.set(response, session)
        self._set_mark(response)

    def delete(self, response: Response) -> None:
        self._session.delete(response)
        self._mark.delete(response)

    def delete_everywhere(self, request: Request, response: Response) -> None:
        self._session.delete_everywhere(request, response)
        self._mark.delete(response)

    def restore_mark(self, request: Request, response: Response) -> None:
        """Set the mark if the browser has a session without it: one of a release that set none, or of somebody who has
        deleted what scripts can."""
        if self._mark.values(request):
            return
        try:
            has_session = self._session.read(request) is not None
        except CookieRepeated:
            return
        if has_session:
            self._set_mark(response)

    def _set_mark(self, response: Response) -> None:
        self._mark.set(response, MARK, max_age=SESSION_SECONDS)


class PageCookies:
    """`pending` are sent with the answer that comes from the issuer's site (SameSite=Lax). `session` is sent by pages
    of this site alone (SameSite=Strict)."""

    def __init__(self, settings: PagesSettings) -> None:
        self._origin = settings.origin
        sealer = settings.sealer()

        def named(name: str, same_site: SameSite) -> HostCookie:
            return HostCookie.of(settings.origin, f"{settings.cookie_name}_{name}", same_site)

        self.pending = PendingCookies(named("sign_in", "lax"), sealer)
        session = SealedCookie(named("session", "strict"), sealer, PageSession.read, SESSION_SECONDS)
        mark = HostCookie.of(settings.origin, f"{settings.cookie_name}_signed_in", "strict", http_only=False)
        self.session = SessionCookie(session, mark)

    def ensure_own(self, request: Request) -> None:
        """Raise ForeignOrigin unless the request comes from a page of this service. Browsers send Origin with every
        POST."""
        origins = request.headers.getlist("origin")
        if origins != [self._origin]:
            raise ForeignOrigin(f"origin {origins[:1]}")
