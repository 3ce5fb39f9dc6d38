"""A receiver of security events: a client with its token, its stream, and what it is told."""

from dataclasses import dataclass
from typing import Any

import httpx

from identity_service.administration import Administration, ClientDraft
from tests.identity.answers import claims_of
from tests.support.services import IDENTITY_URL, POSTS_SECRET, Identity, bearer

STREAMS = "/ssf/streams"
STATUS = "/ssf/streams/status"
VERIFY = "/ssf/streams/verify"
PUSH, POLL = "urn:ietf:rfc:8935", "urn:ietf:rfc:8936"


@dataclass
class Receiver:
    """`stream_id` is that of its stream, once it has one."""

    http: httpx.AsyncClient
    headers: dict[str, str]
    stream_id: str = ""

    async def ask(self, method: str, path: str, body: Any = None, **params: str) -> httpx.Response:
        return await self.http.request(method, path, json=body, params=params, headers=self.headers)

    async def create(self, **wanted: Any) -> dict[str, Any]:
        """Make its stream; what is answered."""
        response = await self.ask("POST", STREAMS, wanted)
        assert response.status_code == 201, response.text
        self.stream_id = response.json()["stream_id"]
        return dict(response.json())

    async def read(self) -> dict[str, Any]:
        response = await self.ask("GET", STREAMS, stream_id=self.stream_id)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def set_status(self, status: str) -> None:
        response = await self.ask("POST", STATUS, {"stream_id": self.stream_id, "status": status})
        assert response.status_code == 200, response.text

    async def verify(self, **more: Any) -> httpx.Response:
        return await self.ask("POST", VERIFY, {"stream_id": self.stream_id, **more})

    async def poll(self, **asked: Any) -> httpx.Response:
        """A poll that does not wait, unless it says otherwise."""
        return await self.ask("POST", f"{STREAMS}/{self.stream_id}/poll", {"returnImmediately": True, **asked})

    async def sets(self, **asked: Any) -> dict[str, str]:
        """The tokens that a poll answers, by their ids, in the order of the answer."""
        response = await self.poll(**asked)
        assert response.status_code == 200, response.text
        return dict(response.json()["sets"])

    async def told(self, **asked: Any) -> list[tuple[str, Any, dict[str, Any]]]:
        """The same in short: the last word of each event's type, its subject and its claims."""
        return [in_short(token) for token in (await self.sets(**asked)).values()]

    async def kinds(self, **asked: Any) -> list[str]:
        return [kind for kind, _, _ in await self.told(**asked)]


def in_short(token: str) -> tuple[str, Any, dict[str, Any]]:
    claims = claims_of(token)
    ((kind, event),) = claims["events"].items()
    return kind.rpartition("/")[2], claims["sub_id"], event


async def receiver(identity: Identity, client_id: str = "posts", **form: str) -> Receiver:
    """A client that can receive; `form` narrows its token."""
    credentials = {"client_id": client_id, "client_secret": POSTS_SECRET, **form}
    response = await identity.token(grant_type="client_credentials", **credentials)
    assert response.status_code == 200, response.text
    return Receiver(identity.http, bearer(response.json()["access_token"]))


async def listening(identity: Identity, **wanted: Any) -> Receiver:
    """Posts, which has its stream already."""
    posts = await receiver(identity)
    await posts.create(**wanted)
    return posts


async def stranger(identity: Identity) -> Receiver:
    """Another service with the same scopes."""
    may = ["client_credentials"], ["ssf.manage", "ssf.read"], [IDENTITY_URL]
    await Administration(identity.parts).upsert_client(ClientDraft("feeds", "Feeds", POSTS_SECRET, *may))
    return await receiver(identity, "feeds")


def user(subject: str) -> dict[str, str]:
    """A user as RFC 9493 section 3.2.3 names one."""
    return {"format": "iss_sub", "iss": IDENTITY_URL, "sub": subject}


def session(subject: str, session_id: str) -> dict[str, Any]:
    opaque = {"format": "opaque", "id": session_id}
    return {"format": "complex", "user": user(subject), "session": opaque}
