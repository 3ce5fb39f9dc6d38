"""A chat app on a server, and its callers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.shared.chat import Chat, Source, session_revocation
from tests.shared.chat_operations import app_of
from tests.support.live_server import Event, LiveServer, serving
from tests.support.waiting import until
from watchword.auth.open_connections import OpenConnections
from watchword.testing import Issuer, StandingClock

SIGNED_OUT = Event("signed-out", '{"code":"unauthenticated"}', "")


@dataclass
class ChatApp:
    """A running chat app, and its callers, each of whom is named by their session."""

    server: LiveServer
    issuer: Issuer
    source: Source
    chat: Chat
    connections: OpenConnections

    def headers(self, session_id: str, **options: Any) -> dict[str, str]:
        return self.issuer.bearer(f"{session_id}-s-person", claims={"sid": session_id}, **options)

    def socket(self, session_id: str, path: str = "/socket", **options: Any) -> Any:
        token = self.issuer.mint(f"{session_id}-s-person", claims={"sid": session_id}, **options)
        return self.server.connect(path, "watchword", f"watchword.bearer.{token}")

    async def until_open(self, count: int) -> None:
        await until(lambda: len(self.connections) == count, lambda: f"{len(self.connections)} are open")

    def sign_out(self, session_id: str) -> None:
        self.source.revocations.add(session_revocation(session_id), 0)


@asynccontextmanager
async def running_chat_app(clock: StandingClock) -> AsyncIterator[ChatApp]:
    """A chat app for the block, after which nothing of it may be open."""
    issuer, source, chat = Issuer(clock=clock), Source(), Chat()
    app = app_of(issuer, source, chat)
    async with serving(app) as server:
        connections = app.state.verifier.open_connections
        yield ChatApp(server, issuer, source, chat, connections)
        await until(lambda: server.open_tasks() == 0)
        assert_nothing_is_left(connections, source)


def assert_nothing_is_left(connections: OpenConnections, source: Source) -> None:
    assert len(connections) == 0
    assert not connections._by_revocation_key
    assert not connections._by_expiry
    assert connections._next_check is None
    assert not source.revocations._watchers
