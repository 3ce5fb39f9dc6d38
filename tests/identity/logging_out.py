"""Clients that are told of the end of their sessions: the endpoint that a logout token is posted to, and its jobs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

from asyncpg import Record
from jose import jwt

from identity_service.administration import Administration
from identity_service.clients.drafts import ClientDraft
from tests.identity.answers import claims_of
from tests.identity.hook import Hook, hook
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity
from tests.support.waiting import until

NOTES_SECRET = "secret-of-the-notes-client"
NOTES = {"client_id": "notes", "client_secret": NOTES_SECRET}
EVENT = "http://schemas.openid.net/event/backchannel-logout"
JOBS = "SELECT * FROM identity.jobs WHERE kind = 'logout' ORDER BY created_at, id"
NO_PAUSE = "UPDATE identity.jobs SET run_at = now() WHERE kind = 'logout' AND leased_until IS NULL"


async def add_client(identity: Identity, databases: Databases, client_id: str, url: str | None) -> None:
    """A confidential client that signs people in by their password, and is told of sign-outs at this URL."""
    draft = ClientDraft(
        id=client_id,
        name=client_id.title(),
        secret=NOTES_SECRET,
        grants=["password", "refresh_token"],
        scopes=["posts:write", "account"],
        audiences=[POSTS_URL, IDENTITY_URL],
        is_first_party=True,
    )
    await Administration(identity.parts).create_client(draft)
    await register_uri(databases, client_id, url)


async def register_uri(databases: Databases, client_id: str, url: str | None) -> None:
    statement = "UPDATE identity.clients SET backchannel_logout_uri = $1 WHERE id = $2"
    await databases.execute("identity_owner", statement, url, client_id)


@asynccontextmanager
async def notes_at(identity: Identity, databases: Databases, *statuses: int, **fields: Any) -> AsyncIterator[Hook]:
    """The endpoint of the client `notes`, which answers with these statuses in turn, and with 200 after that."""
    async with hook(*statuses, **{"after": 200, **fields}) as endpoint:
        await add_client(identity, databases, "notes", endpoint.url)
        yield endpoint


def tokens_at(endpoint: Hook) -> list[str]:
    """The logout tokens that were posted, each as the only parameter of a form."""
    forms = [parse_qsl(body, strict_parsing=True) for body in endpoint.tokens]
    assert all([name for name, _ in form] == ["logout_token"] for form in forms)
    return [token for ((_, token),) in forms]


def sids_at(endpoint: Hook) -> list[str]:
    return sorted(claims_of(token)["sid"] for token in tokens_at(endpoint))


async def verified(identity: Identity, token: str, client_id: str) -> dict[str, Any]:
    """The claims of the token, whose signature, issuer and audience another library has verified."""
    jwks = (await identity.http.get("/.well-known/jwks.json")).json()
    claims = jwt.decode(token, jwks, algorithms=["RS256"], audience=client_id, issuer=IDENTITY_URL)
    return dict(claims)


async def jobs(databases: Databases) -> list[Record]:
    """The jobs of logout tokens: those that wait, run or are dead."""
    return await databases.fetch("identity_app", JOBS)


async def no_jobs(databases: Databases) -> bool:
    return not await jobs(databases)


async def has_failed(databases: Databases) -> bool:
    """Whether every job has been tried without success, and waits."""
    rows = await jobs(databases)
    return bool(rows) and all(row["last_error"] and row["leased_until"] is None for row in rows)


async def until_done(identity: Identity, databases: Databases) -> None:
    """Wait until no job is left, without the pauses between its attempts."""

    async def is_done() -> bool:
        await databases.execute("identity_owner", NO_PAUSE)
        identity.parts.job_worker.wake()
        return await no_jobs(databases)

    await until(is_done)
