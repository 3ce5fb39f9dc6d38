"""The statements of the previous release, at revision 0001, run on connections of their own.

With each release, write the statements of the one before it here.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID, uuid4

import asyncpg
from passlib.context import CryptContext

from identity_service.clients.models import hash_secret
from identity_service.keys import generation
from identity_service.keys.sealing import Sealer
from identity_service.keys.signing import Signer
from tests.support.databases import Databases
from tests.support.services import PASSWORD, unique
from tests.support.waiting import until

REVISION: Final = "0001"
CONNECTIONS: Final = 6
HASH: Final = CryptContext(["bcrypt_sha256"], bcrypt_sha256__rounds=4).hash(PASSWORD)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Round: TypeAlias = Callable[[Connection], Awaitable[None]]


@dataclass
class PersonWithTokens:
    """A person who signed in and published at the previous release, with their tokens."""

    username: str
    user_id: UUID
    post_id: UUID
    access_token: str
    refresh_token: str


@dataclass
class Load:
    """The statements of both services, over several connections each, until `over` is set."""

    done: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, databases: Databases) -> None:
        works = {"identity": identity_round, "posts": posts_round}
        await asyncio.gather(
            *(self._work(databases, service, works[service]) for service in works for _ in range(CONNECTIONS))
        )

    async def goes_on(self, service: str) -> None:
        """Return after fifty more rounds of this service, or when one has failed."""
        before = self.done[service]
        await until(lambda: self.done[service] > before + 50 or bool(self.failed))

    async def _work(self, databases: Databases, service: str, work: Round) -> None:
        # The time limit of production; a statement that waits longer has failed.
        connection = await asyncpg.connect(databases.url(f"{service}_app"), command_timeout=10)
        try:
            while not self.over.is_set():
                try:
                    await work(connection)
                    self.done[service] += 1
                except Exception as error:
                    self.failed.append(f"{service}: {error!r}")
        finally:
            connection.terminate()


async def identity_round(db: Connection) -> None:
    """Register, sign in, check the session for a guard, refresh, sign out."""
    name, now = unique("ada"), datetime.now(UTC)
    async with db.transaction():
        user_id = await add_user(db, name)
    await db.fetch(
        "SELECT id, username, email, password_hash, is_active FROM identity.users WHERE lower(username) = $1", name
    )
    async with db.transaction():
        await db.fetch("SELECT id, is_active, password_hash FROM identity.users WHERE id = $1 FOR UPDATE", user_id)
        session_id = await add_session(db, user_id, now)
        token_id = await add_refresh_token(db, session_id, now)
        await db.fetch("SELECT role FROM identity.user_roles WHERE user_id = $1", user_id)
    await db.fetch(
        "SELECT sessions.expires_at FROM identity.sessions JOIN identity.users ON users.id = sessions.user_id"
        " WHERE sessions.id = $1 AND sessions.user_id = $2 AND sessions.ended_at IS NULL AND users.is_active",
        session_id,
        user_id,
    )
    async with db.transaction():
        await db.fetch("SELECT id, is_active FROM identity.users WHERE id = $1 FOR SHARE", user_id)
        await db.fetch(
            "SELECT sessions.id, sessions.ended_at, refresh_tokens.id, refresh_tokens.used_at"
            " FROM identity.sessions JOIN identity.refresh_tokens ON refresh_tokens.session_id = sessions.id"
            " WHERE refresh_tokens.id = $1 FOR UPDATE OF sessions, refresh_tokens",
            token_id,
        )
        successor = await add_refresh_token(db, session_id, now)
        await db.execute(
            "UPDATE identity.refresh_tokens SET used_at = $2, successor_id = $3 WHERE id = $1", token_id, now, successor
        )
    await db.fetch("SELECT kid, sealed_private_key, n, e, signs_from, signs_until FROM identity.signing_keys")
    async with db.transaction():
        await db.execute(
            "UPDATE identity.sessions SET ended_at = $2, end_reason = 'signed out' WHERE id = $1", session_id, now
        )


async def posts_round(db: Connection) -> None:
    """Publish a post, read it and the newest posts, change it, delete it."""
    author_id, now = uuid4(), datetime.now(UTC)
    async with db.transaction():
        post_id = await add_post(db, author_id, unique("ada"), now)
    view = (
        "SELECT posts.id, title, body, state, author_id, username, version, created_at, updated_at, published_at"
        " FROM posts.posts JOIN posts.authors ON authors.id = posts.author_id"
    )
    await db.fetch(f"{view} WHERE posts.id = $1", post_id)
    await db.fetch(f"{view} WHERE state = 'published' ORDER BY published_at DESC, posts.id DESC LIMIT 20")
    await db.fetch(f"{view} WHERE state = 'draft' AND author_id = $1 ORDER BY created_at DESC LIMIT 20", author_id)
    async with db.transaction():
        await db.fetch(f"{view} WHERE posts.id = $1 FOR UPDATE OF posts", post_id)
        await db.execute("UPDATE posts.posts SET title = 'B', version = version + 1 WHERE id = $1", post_id)
    async with db.transaction():
        await db.execute("DELETE FROM posts.posts WHERE id = $1", post_id)


async def add_user(db: Connection, name: str) -> UUID:
    user_id: UUID = await db.fetchval(
        "INSERT INTO identity.users (username, email, password_hash) VALUES ($1, $2, $3) RETURNING id",
        name,
        f"{name}@example.com",
        HASH,
    )
    await db.execute("INSERT INTO identity.user_roles (user_id, role) VALUES ($1, 'user')", user_id)
    return user_id


async def add_session(db: Connection, user_id: UUID, now: datetime, audiences: tuple[str, ...] = ()) -> UUID:
    session_id: UUID = await db.fetchval(
        "INSERT INTO identity.sessions (user_id, client_id, scopes, audiences, created_at, expires_at)"
        " VALUES ($1, 'web', '{account,posts:write}', $2, $3, $4) RETURNING id",
        user_id,
        audiences,
        now,
        now + timedelta(days=60),
    )
    return session_id


async def add_refresh_token(db: Connection, session_id: UUID, now: datetime) -> UUID:
    token_id: UUID = await db.fetchval(
        "INSERT INTO identity.refresh_tokens (session_id, issued_at, expires_at) VALUES ($1, $2, $3) RETURNING id",
        session_id,
        now,
        now + timedelta(days=14),
    )
    return token_id


async def add_post(db: Connection, author_id: UUID, username: str, now: datetime) -> UUID:
    await db.execute(
        "INSERT INTO posts.authors (id, username, named_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE"
        " SET username = excluded.username, named_at = excluded.named_at WHERE authors.named_at < excluded.named_at",
        author_id,
        username,
        now,
    )
    post_id: UUID = await db.fetchval(
        "INSERT INTO posts.posts (author_id, title, body, state, version, created_at, updated_at, published_at)"
        " VALUES ($1, 'A title', 'A body', 'published', 1, $2, $2, $2) RETURNING id",
        author_id,
        now,
    )
    return post_id


async def set_up(databases: Databases, issuer: str, audience: str, secrets: dict[str, str]) -> Signer:
    """Insert the clients and a signing key; return the signer of that key."""
    now = datetime.now(UTC)
    private, public = generation.generate()
    clients = (
        "INSERT INTO identity.clients (id, name, secret_hash, grants, scopes, audiences)"
        " VALUES ($1, $1, $2, $3, $4, $5)"
    )
    secret_hash = hash_secret(secrets["POSTS_CLIENT_SECRET"])
    grants, scopes = ["password", "refresh_token"], ["account", "posts:write"]
    await databases.execute("identity_app", clients, "web", None, grants, scopes, [issuer, audience])
    await databases.execute(
        "identity_app", clients, "posts", secret_hash, ["client_credentials"], ["introspect"], [issuer]
    )
    await databases.execute(
        "identity_app",
        "INSERT INTO identity.signing_keys (kid, sealed_private_key, n, e, published_at, signs_from, signs_until,"
        " withdrawn_at) VALUES ($1, $2, $3, $4, $5, $5, $6, $7)",
        public.kid,
        Sealer(secrets["IDENTITY_KEY_ENCRYPTION_KEY"]).seal(public.kid, private),
        public.n,
        public.e,
        now,
        now + timedelta(days=30),
        now + timedelta(days=44),
    )
    return Signer(public.kid, private)


async def sign_in_and_publish(databases: Databases, issuer: str, audience: str, signer: Signer) -> PersonWithTokens:
    now, name = datetime.now(UTC), unique("grace")
    identity = await asyncpg.connect(databases.url("identity_app"))
    posts = await asyncpg.connect(databases.url("posts_app"))
    try:
        user_id = await add_user(identity, name)
        session_id = await add_session(identity, user_id, now, (issuer, audience))
        token_id = await add_refresh_token(identity, session_id, now)
        post_id = await add_post(posts, user_id, name, now)
    finally:
        await identity.close()
        await posts.close()
    common: dict[str, Any] = {"iss": issuer, "sub": str(user_id), "client_id": "web", "iat": int(now.timestamp())}
    common["sid"] = str(session_id)
    access = {
        **common,
        "aud": [issuer, audience],
        "exp": common["iat"] + 600,
        "jti": str(uuid4()),
        "scope": "account posts:write",
        "roles": ["user"],
        "permissions": [],
        "preferred_username": name,
    }
    refresh = {**common, "aud": issuer, "exp": common["iat"] + 14 * 86_400, "jti": str(token_id)}
    return PersonWithTokens(name, user_id, post_id, signer.sign(access, "at+jwt"), signer.sign(refresh, "rt+jwt"))
