"""Both services in this process: the whole app over its real database, called through ASGI."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI

import identity_service.app
import identity_service.parts
import identity_service.settings
import posts_service.app
import posts_service.limit_settings
import posts_service.parts
import posts_service.settings
from identity_service.limit_settings import LimitSettings
from tests.support.databases import Databases
from tests.support.documented import documented
from tests.support.first_key import ensure_first_key
from tests.support.installed import ensure_installed
from watchword.auth import Verifier
from watchword.clock import Clock
from watchword.service import ServiceSettings

IDENTITY_URL = "http://localhost:8001"
POSTS_URL = "http://localhost:8002"
KEY_ENCRYPTION_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
POSTS_SECRET = "secret-of-the-posts-client"
SEALING_KEY = "p3LwYfJKd0eVh5kq2mXc9sRtUuWbGz4A7nE1iOoMjHg="
PASSWORD = "correct horse battery"


def _no_limits(settings: type[ServiceSettings]) -> dict[str, str]:
    return dict.fromkeys(settings.model_fields.keys() - ServiceSettings.model_fields.keys(), "1000000/1")


NO_LIMITS = _no_limits(LimitSettings)
"""Limits that no test reaches: all its requests come from one address."""
NO_WRITING_LIMITS = _no_limits(posts_service.limit_settings.LimitSettings)
"""Limits of posts that no test reaches: a few people write everything."""


@dataclass
class Identity:
    """The identity service, with methods for what a person does."""

    parts: identity_service.parts.Parts
    app: FastAPI
    http: httpx.AsyncClient

    async def register(self, username: str, password: str = PASSWORD) -> str:
        """Register an account and return its id."""
        body = {"username": username, "email": f"{username}@example.com", "password": password}
        response = await self.http.post("/users", json=body)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    async def token(self, **form: Any) -> httpx.Response:
        return await self.http.post("/oauth/token", data=form)

    async def sign_in(self, username: str, password: str = PASSWORD, **form: str) -> dict[str, Any]:
        """The token endpoint's answer to the password grant, which must succeed. The token is for posts, unless
        the form has a `resource`."""
        response = await self.token(grant_type="password", username=username, password=password, **form)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def refresh(self, refresh_token: str, **form: Any) -> httpx.Response:
        return await self.token(grant_type="refresh_token", refresh_token=refresh_token, **form)

    async def signed_in(self, username: str) -> dict[str, str]:
        """Register, sign in, and return the Authorization header with a token for this service itself."""
        await self.register(username)
        return bearer((await self.sign_in(username, resource=IDENTITY_URL))["access_token"])


@dataclass
class Posts:
    """The posts service."""

    parts: posts_service.parts.Parts
    app: FastAPI
    http: httpx.AsyncClient

    async def publish(self, headers: dict[str, str], **draft: Any) -> dict[str, Any]:
        body = {"title": "A title", "body": "A body", **draft}
        response = await self.http.post("/posts", json=body, headers=headers)
        assert response.status_code == 201, response.text
        return dict(response.json())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def unique(word: str) -> str:
    return f"{word}-{uuid4().hex[:8]}"


@asynccontextmanager
async def identity(databases: Databases, *, clock: Clock | None = None, **settings: Any) -> AsyncIterator[Identity]:
    """The identity service with cheap hashes and its clients set up. `settings` are fields of its Settings class."""
    values = {
        "database_url": databases.url("identity_app"),
        "issuer": IDENTITY_URL,
        "key_encryption_key": KEY_ENCRYPTION_KEY,
        "bcrypt_rounds": 4,
        # One address may have a quarter of it, and all requests of a test come from one.
        "hash_queue": 400,
        # Under a clock that a test has put forward, a key is made when the test makes it.
        "key_check_seconds": 60,
        "cors_origins": POSTS_URL,
        "push_networks": "127.0.0.0/8,::1/128",
        "email_verification": "optional",
        # Off by default. Most tests need a session, and not a browser.
        "password_grant": True,
        **NO_LIMITS,
        **settings,
    }
    parts = identity_service.parts.assemble(identity_service.settings.Settings(**values), clock)
    await _set_up(parts)
    app = identity_service.app.create_app(parts)
    async with client_for(app, IDENTITY_URL) as http:
        yield Identity(parts, app, http)


async def _set_up(parts: identity_service.parts.Parts) -> None:
    try:
        await parts.digest_keys.load()
        await ensure_first_key(parts)
        await ensure_installed(parts, POSTS_URL, POSTS_SECRET)
    except BaseException:
        # No service starts, which would close it.
        await parts.database.close()
        raise


@asynccontextmanager
async def posts(
    databases: Databases, verifier: Verifier, *, clock: Clock | None = None, **settings: Any
) -> AsyncIterator[Posts]:
    """The posts service, which accepts the tokens that `verifier` accepts."""
    parts = posts_parts(databases, verifier, clock=clock, **settings)
    app = posts_service.app.create_app(parts)
    async with client_for(app, POSTS_URL) as http:
        yield Posts(parts, app, http)


def posts_parts(
    databases: Databases, verifier: Verifier, *, clock: Clock | None = None, **settings: Any
) -> posts_service.parts.Parts:
    values = {
        "database_url": databases.url("posts_app"),
        "issuer": verifier.issuer,
        "audience": verifier.audience,
        "client_secret": POSTS_SECRET,
        "pages_origin": POSTS_URL,
        "pages_sealing_key": SEALING_KEY,
        **NO_WRITING_LIMITS,
        **settings,
    }
    return posts_service.parts.assemble(posts_service.settings.Settings(**values), keys=verifier.keys, clock=clock)


@asynccontextmanager
async def client_for(app: FastAPI, url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose every answer is compared with the OpenAPI document."""
    hooks = {"response": [documented(app).check]}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=url, event_hooks=hooks) as http,
    ):
        yield http
