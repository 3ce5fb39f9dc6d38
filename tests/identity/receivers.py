"""A receiver of security events: a client with its access token and its stream."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import asyncpg
import httpx

from identity_service.administration import Administration
from identity_service.clients.drafts import ClientDraft
from tests.identity.answers import claims_of
from tests.support.services import IDENTITY_URL, POSTS_SECRET, Identity, bearer

STREAMS = "/ssf/streams"
STATUS = "/ssf/streams/status"
VERIFY = "/ssf/streams/verify"
KINDS = ["account-disabled", "account-enabled"]
PUSH, POLL = "urn:ietf:rfc:8935", "urn:ietf:rfc:8936"
LAPSE = "UPDATE identity.streams SET lapses_at = clock_timestamp() WHERE inactivity_timeout IS NOT NULL"

Summary: TypeAlias = tuple[str, Any, dict[str, Any]]
"""The last word of an event's type, its subject and its claims."""


@dataclass
class Receiver:
    """Calls the transmitter over HTTP. `stream_id` is empty until its stream is created."""

    http: httpx.AsyncClient
    headers: dict[str, str]
    stream_id: str = ""

    async def request(self, method: str, path: str, body: Any = None, **params: str) -> httpx.Response:
        return await self.http.request(method, path, json=body, params=params, headers=self.headers)

    async def create(self, **members: Any) -> dict[str, Any]:
        """Create its stream, and return it as the transmitter shows it."""
        response = await self.request("POST", STREAMS, members)
        assert response.status_code == 201, response.text
        self.stream_id = response.json()["stream_id"]
        return dict(response.json())

    async def read(self) -> dict[str, Any]:
        response = await self.request("GET", STREAMS, stream_id=self.stream_id)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def set_status(self, status: str) -> None:
        response = await self.request("POST", STATUS, {"stream_id": self.stream_id, "status": status})
        assert response.status_code == 200, response.text

    async def verify(self, **members: Any) -> httpx.Response:
        return await self.request("POST", VERIFY, {"stream_id": self.stream_id, **members})

    async def poll(self, **members: Any) -> httpx.Response:
        """Poll, without waiting unless `members` say otherwise."""
        return await self.request("POST", f"{STREAMS}/{self.stream_id}/poll", {"returnImmediately": True, **members})

    async def sets(self, **members: Any) -> dict[str, str]:
        """Poll, and return the tokens by their ids, in the order of the answer."""
        response = await self.poll(**members)
        assert response.status_code == 200, response.text
        return dict(response.json()["sets"])

    async def acknowledge(self) -> None:
        """Acknowledge everything that waits, and what was replayed when the stream began."""
        await self.poll(ack=list(await self.sets()), maxEvents=0)

    async def events(self, **members: Any) -> list[Summary]:
        """Poll, and return the summary of each event."""
        return [summary_of(token) for token in (await self.sets(**members)).values()]

    async def kinds(self, **members: Any) -> list[str]:
        """Poll, and return the type of each event, in short."""
        return [kind for kind, _, _ in await self.events(**members)]


async def cause_events(identity: Identity, count: int = 2) -> None:
    """Disable and enable the account `ada` in turn: so many events, of KINDS in turn."""
    for number in range(count):
        await Administration(identity.parts).set_active("ada", number % 2 == 1)


def summary_of(token: str) -> Summary:
    """The event without the time at which it happened."""
    claims = claims_of(token)
    ((kind, event),) = claims["events"].items()
    return kind.rpartition("/")[2], claims["sub_id"], {name: event[name] for name in event if name != "happened_at"}


async def waits_for_acts(url: str) -> bool:
    """Whether a stream that begins or ends waits for the acts that are enqueueing events."""
    connection = await asyncpg.connect(url)
    try:
        return bool(
            await connection.fetchval(
                "SELECT count(*) FROM pg_locks WHERE relation = 'identity.event_gate'::regclass AND NOT granted"
            )
        )
    finally:
        await connection.close()


async def receiver(identity: Identity, client_id: str = "posts", **form: str) -> Receiver:
    """A client that can receive events; `form` narrows its access token."""
    credentials = {"client_id": client_id, "client_secret": POSTS_SECRET, **form}
    response = await identity.token(grant_type="client_credentials", **credentials)
    assert response.status_code == 200, response.text
    return Receiver(identity.http, bearer(response.json()["access_token"]))


async def receiver_with_stream(identity: Identity, **members: Any) -> Receiver:
    """The client `posts`, its stream created with these members."""
    posts = await receiver(identity)
    await posts.create(**members)
    return posts


async def process_of(identity: Identity, **members: Any) -> Receiver:
    """One process of posts, with a stream of its own."""
    process = await receiver(identity)
    await process.create(inactivity_timeout=60, **members)
    return process


async def stranger(identity: Identity) -> Receiver:
    """Another client with the same scopes."""
    draft = ClientDraft(
        id="feeds",
        name="Feeds",
        secret=POSTS_SECRET,
        grants=["client_credentials"],
        scopes=["ssf.manage", "ssf.read"],
        audiences=[IDENTITY_URL],
    )
    await Administration(identity.parts).create_client(draft)
    return await receiver(identity, "feeds")


def user(subject: str) -> dict[str, str]:
    """A user as a subject (RFC 9493 section 3.2.3)."""
    return {"format": "iss_sub", "iss": IDENTITY_URL, "sub": subject}


def session(subject: str, session_id: str) -> dict[str, Any]:
    """A session of a user as a complex subject (SSF 1.0 section 3)."""
    opaque = {"format": "opaque", "id": session_id}
    return {"format": "complex", "user": user(subject), "session": opaque}
