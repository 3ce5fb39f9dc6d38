"""CORS for the answers of a service."""

from collections.abc import Collection
from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from watchword.http.shortcut import PassableLayer


class CrossOriginMiddleware(CORSMiddleware, PassableLayer):
    """CORS (Fetch standard section 3.3). A request without an Origin field skips Starlette's rules, and so does one
    whose path, or the first part of it, is one of `own_paths`: no page of another origin reads what is there.

    It is for an app inside an OutermostMiddleware with `varies_by_origin`, which says in every answer that it varies.
    """

    def __init__(self, app: ASGIApp, /, *, own_paths: Collection[str] = (), **options: Any) -> None:
        super().__init__(app, **options)
        self._own_paths = frozenset(own_paths)

    @property
    def served(self) -> ASGIApp:
        return self.app

    def leaves_alone(self, scope: Scope) -> bool:
        return not self._applies_to(scope)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        applies = scope["type"] == "http" and self._applies_to(scope)
        await (super().__call__ if applies else self.app)(scope, receive, send)

    def _applies_to(self, scope: Scope) -> bool:
        # The path of `OPTIONS *` has no slash (RFC 9110 section 9.3.7).
        path = scope["path"].removeprefix("/")
        return _has_origin(scope) and self._own_paths.isdisjoint((path, path.partition("/")[0]))


def _has_origin(scope: Scope) -> bool:
    # Every request comes here, and a generator would cost more than the few fields that a loop looks at.
    for name, _ in scope["headers"]:  # noqa: SIM110
        if name == b"origin":
            return True
    return False
