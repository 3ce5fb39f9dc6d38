"""The posts service on a server, and what its listeners get."""

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import posts_service.app
from posts_service.live.listener_slots import ListenerSlots
from posts_service.live.live_feed import LiveFeed
from posts_service.parts import Parts
from tests.support import services
from tests.support.databases import Databases
from tests.support.live_server import Events, LiveServer, serving
from tests.support.waiting import until
from watchword.auth.revocations import FOR_EVER, Kind, Revocation
from watchword.testing import Issuer


@dataclass
class LivePosts:
    server: LiveServer
    parts: Parts

    async def publish(self, headers: dict[str, str], **draft: Any) -> dict[str, Any]:
        body = {"title": "A title", "body": "A body", **draft}
        answer = await self.server.http.post("/posts", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def edit(self, headers: dict[str, str], post_id: str, **changes: Any) -> dict[str, Any]:
        answer = await self.server.http.patch(f"/posts/{post_id}", json=changes, headers=headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def until_listening(self, count: int) -> None:
        await until(lambda: len(self.parts.live_feed) == count, lambda: f"{len(self.parts.live_feed)} listen")

    def end_session(self, session_id: str) -> None:
        now = time.time()
        self.parts.receiver.revocations.add(Revocation(Kind.SESSION, session_id, FOR_EVER, now + 600), now)


PostsWith = Callable[..., AbstractAsyncContextManager[LivePosts]]
"""Takes what `live` takes after its first two arguments."""


@asynccontextmanager
async def live(
    databases: Databases, issuer: Issuer, *, slots: ListenerSlots | None = None, **of_feed: Any
) -> AsyncIterator[LivePosts]:
    """The posts service over empty tables, on a server, with these slots and a feed with these arguments."""
    await databases.empty("posts")
    parts = services.posts_parts(databases, issuer.verifier())
    parts.live_feed = LiveFeed(parts.database, parts.clock, **of_feed)
    parts.listener_slots = slots or parts.listener_slots
    async with serving(posts_service.app.create_app(parts)) as server:
        yield LivePosts(server, parts)


async def next_event(events: Events) -> tuple[str, dict[str, Any]]:
    """The name and the members of the next event."""
    event = await events.next()
    assert event is not None
    return event.name, json.loads(event.data)


async def read_until(name: str, events: Events) -> None:
    """Read events until one has this name."""
    while (await next_event(events))[0] != name:
        pass
