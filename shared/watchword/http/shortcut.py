"""Answering a request to a hot route without the layers that would do nothing for it."""

from abc import ABC, abstractmethod

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from watchword.http._framework import path_of as path_of
from watchword.http.hot import ATTEMPT, HotRoutes, send_whole


class PassableLayer(ABC):
    """A layer of an app that does nothing for some HTTP requests if their answer is sent whole."""

    @property
    @abstractmethod
    def served(self) -> ASGIApp:
        """The layer inside this one."""

    def leaves_alone(self, scope: Scope) -> bool:
        """Whether this layer does nothing for this HTTP request if its answer is sent whole. True for every request,
        unless a subclass says otherwise."""
        return True


class Shortcut:
    """Answers a request to a hot route past the layers in front of the hot routes, if all of them would do nothing.

    A refusal, an answer in parts and whatever is not planned go through these layers; `outermost` is the first of them.
    """

    def __init__(self, outermost: ASGIApp) -> None:
        self._outermost = outermost
        # The layers that must be asked for each request.
        self._conditional: list[PassableLayer] = []
        layer: object = outermost
        while isinstance(layer, PassableLayer):
            if type(layer).leaves_alone is not PassableLayer.leaves_alone:
                self._conditional.append(layer)
            layer = layer.served
        self._routes = layer if isinstance(layer, HotRoutes) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        attempt = None
        if self._routes is not None and self._may_pass(scope):
            attempt = await self._routes.attempt(scope, receive, send)
        if isinstance(attempt, Response):
            await send_whole(attempt, send)
        elif attempt is None:
            await self._outermost(scope, receive, send)
        else:
            scope[ATTEMPT] = attempt
            await self._outermost(scope, attempt.receive, send)

    def _may_pass(self, scope: Scope) -> bool:
        # Every request comes here, and a generator would cost more than the one layer that is asked.
        for layer in self._conditional:  # noqa: SIM110
            if not layer.leaves_alone(scope):
                return False
        return True
