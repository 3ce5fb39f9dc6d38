"""Refuses everything at /admin to callers of other networks, before anything else is asked of them."""

from typing import Final

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from identity_service.admin.networks import AdminNetworks
from identity_service.errors import NetworkNotAllowed
from watchword.errors import AppError
from watchword.http.shortcut import PassableLayer, path_of

_ROOT: Final = "/admin"


class NetworkLayer(PassableLayer):
    """Refuses a request for what is at `/admin` unless its client, as trusted proxies have named it, is of a network
    from which people may administer. The app's own handler answers: the API with a problem document, a page with a
    page."""

    def __init__(self, app: ASGIApp, networks: AdminNetworks) -> None:
        self._app = app
        self._networks = networks

    @property
    def served(self) -> ASGIApp:
        return self._app

    def leaves_alone(self, scope: Scope) -> bool:
        return not f"{path_of(scope)}/".startswith(f"{_ROOT}/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reason = None
        if scope["type"] == "http" and not self.leaves_alone(scope):
            client = scope.get("client")
            reason = self._networks.reason_against(None if client is None else client[0])
        if reason is None:
            await self._app(scope, receive, send)
            return
        handle = scope["app"].exception_handlers[AppError]
        answer = await handle(Request(scope), NetworkNotAllowed(reason))
        await answer(scope, receive, send)
