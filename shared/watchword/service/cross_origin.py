"""CORS for the answers of a service, at a cost only for requests that a page of another origin sends."""

from starlette.middleware.cors import CORSMiddleware
from starlette.types import Message, Receive, Scope, Send


class CrossOriginMiddleware(CORSMiddleware):
    """CORS (Fetch standard section 3.3). A request without an Origin field passes Starlette's rules by.

    Its answer varies by Origin all the same: a cache must not give it to a page that needs the fields of CORS.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _has_origin(scope):
            await super().__call__(scope, receive, send)
            return

        async def send_varying(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"vary", b"Origin")]
            await send(message)

        await self.app(scope, receive, send_varying)


def _has_origin(scope: Scope) -> bool:
    return any(name == b"origin" for name, _ in scope["headers"])
