"""CORS for the answers of a service, each of which varies by Origin."""

from collections.abc import Iterable

from starlette.middleware.cors import CORSMiddleware
from starlette.types import Message, Receive, Scope, Send


class CrossOriginMiddleware(CORSMiddleware):
    """CORS (Fetch standard section 3.3). A request without an Origin field skips Starlette's rules.

    Every answer varies by Origin: a cache must not give one without the fields of CORS to a page that needs them.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_varying(message: Message) -> None:
            # Starlette says so of some answers, of which depends on its version.
            if message["type"] == "http.response.start" and not _varies(message.get("headers", ())):
                message["headers"] = [*message.get("headers", ()), (b"vary", b"Origin")]
            await send(message)

        handle = super().__call__ if _has_origin(scope) else self.app
        await handle(scope, receive, send_varying)


# Both run for every request, and a generator would cost more than the few fields that a loop looks at.
def _has_origin(scope: Scope) -> bool:
    for name, _ in scope["headers"]:  # noqa: SIM110
        if name == b"origin":
            return True
    return False


def _varies(fields: Iterable[tuple[bytes, bytes]]) -> bool:
    for name, value in fields:  # noqa: SIM110
        if name == b"vary" and b"origin" in value.lower():
            return True
    return False
