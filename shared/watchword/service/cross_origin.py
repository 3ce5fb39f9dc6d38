"""CORS for the answers of a service."""

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from watchword.http.shortcut import PassableLayer


class CrossOriginMiddleware(CORSMiddleware, PassableLayer):
    """CORS (Fetch standard section 3.3). A request without an Origin field skips Starlette's rules.

    It is for an app inside an OutermostMiddleware with `varies_by_origin`, which says in every answer that it varies.
    """

    @property
    def served(self) -> ASGIApp:
        return self.app

    def leaves_alone(self, scope: Scope) -> bool:
        return not _has_origin(scope)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_cross_origin = scope["type"] == "http" and _has_origin(scope)
        await (super().__call__ if is_cross_origin else self.app)(scope, receive, send)


def _has_origin(scope: Scope) -> bool:
    # Every request comes here, and a generator would cost more than the few fields that a loop looks at.
    for name, _ in scope["headers"]:  # noqa: SIM110
        if name == b"origin":
            return True
    return False
