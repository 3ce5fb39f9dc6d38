"""CORS for the answers of a service."""

from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Any, Final, NamedTuple

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from watchword.http.shortcut import PassableLayer
from watchword.service.places import is_at_or_below

_METHODS: Final = ("GET", "POST")
# Swagger UI sends X-Requested-With when it asks for a token.
_FIELDS: Final = ("Authorization", "Content-Type", "X-Request-ID", "X-Requested-With")


async def _no_origin(_: str) -> bool:
    return False


class SharedPaths(NamedTuple):
    """Paths that pages of further origins may call, without cookies: `public` from every origin, `others` from the
    origins that `allows` accepts. It is called for each request, so that a change has an effect at once."""

    public: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    allows: Callable[[str], Awaitable[bool]] = _no_origin


NOT_SHARED: Final = SharedPaths()


class CrossOriginMiddleware(CORSMiddleware, PassableLayer):
    """CORS (Fetch standard section 3.3). A request without an Origin field skips Starlette's rules, and so does one
    whose path is one of `own_paths` or below one: no page of another origin reads what is there.

    Pages of `allow_origins` may call every other path, those of further origins the ones in `shared_paths`.

    It is for an app inside an OutermostMiddleware with `varies_by_origin`, which says in every answer that it varies.
    """

    def __init__(
        self,
        app: ASGIApp,
        /,
        *,
        own_paths: Collection[str] = (),
        shared_paths: SharedPaths = NOT_SHARED,
        expose_headers: Collection[str] = (),
        **options: Any,
    ) -> None:
        super().__init__(app, expose_headers=expose_headers, **options)
        self._own_paths = frozenset(own_paths)
        self._shared_paths = shared_paths
        shared = partial(
            CORSMiddleware, app, allow_methods=_METHODS, allow_headers=_FIELDS, expose_headers=expose_headers
        )
        self._to_every = shared(allow_origins=["*"])
        # It accepts every origin: it serves those alone that `allows` has accepted.
        self._to_allowed = shared(allow_origin_regex=".*")

    @property
    def served(self) -> ASGIApp:
        return self.app

    def leaves_alone(self, scope: Scope) -> bool:
        return not self._applies_to(scope)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        applies = scope["type"] == "http" and self._applies_to(scope)
        rules = await self._rules_of(scope) if applies else self.app
        await (rules or super().__call__)(scope, receive, send)

    async def _rules_of(self, scope: Scope) -> ASGIApp | None:
        """The layer for a shared path and an origin that may call nothing else; None if there is none."""
        shared, path = self._shared_paths, scope["path"]
        if path not in shared.public and path not in shared.others:
            return None
        origin = Headers(scope=scope)["origin"]
        if self.is_allowed_origin(origin):
            return None
        if path in shared.public:
            return self._to_every
        return self._to_allowed if await shared.allows(origin) else None

    def _applies_to(self, scope: Scope) -> bool:
        return _has_origin(scope) and not is_at_or_below(scope["path"], self._own_paths)


def _has_origin(scope: Scope) -> bool:
    # Every request comes here, and a generator would cost more than the few fields that a loop looks at.
    for name, _ in scope["headers"]:  # noqa: SIM110
        if name == b"origin":
            return True
    return False
