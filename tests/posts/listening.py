"""The posts service on a server, and what its listeners are told."""

import json
from dataclasses import dataclass
from typing import Any

from posts_service.parts import Parts
from tests.support.live_server import Events, LiveServer
from tests.support.waiting import until


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
        await until(lambda: len(self.parts.feed) == count, lambda: f"{len(self.parts.feed)} listen")


async def next_told(events: Events) -> tuple[str, dict[str, Any]]:
    """The name and the members of the next event."""
    event = await events.next()
    assert event is not None
    return event.name, json.loads(event.data)
