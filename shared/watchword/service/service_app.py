"""The class of the app of a service."""

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from watchword.http._framework import TELEMETRY, own_layers
from watchword.service.middleware import OutermostMiddleware
from watchword.service.trusted_hops import TrustedHops


class ServiceApp(FastAPI):
    """An app whose requests go straight to its own outermost layer if the layers that FastAPI puts around it would do
    nothing.

    `trusted_hops` makes the caller the client of each request, around all layers, so that traces name it too.
    """

    trusted_hops: TrustedHops | None = None

    _known_stack: ASGIApp | None = None
    _own_layers: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.trusted_hops is not None and scope["type"] != "lifespan":
            self.trusted_hops.apply(scope)
        if self._known_stack is not self.middleware_stack:
            self._find_own_layers(self.middleware_stack)
        if self._own_layers is None or scope["type"] != "http" or TELEMETRY in scope:
            await super().__call__(scope, receive, send)
        else:
            scope["app"] = self
            await self._own_layers(scope, receive, send)

    def _find_own_layers(self, stack: ASGIApp | None) -> None:
        own = None if stack is None else own_layers(self, stack)
        # A layer outside the frame relies on what FastAPI does with its errors.
        self._known_stack, self._own_layers = stack, own if isinstance(own, OutermostMiddleware) else None
