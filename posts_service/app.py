"""The app of this service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from posts_service.dependencies import SCOPE_TEXTS
from posts_service.live import routes as live
from posts_service.metrics import build_metrics
from posts_service.parts import MIGRATIONS, Parts, assemble
from posts_service.posts import routes as posts
from posts_service.settings import Settings
from watchword import service
from watchword.service import Link, new_app, on_shutdown_signal

# The client of the issuer that /docs signs in with.
DOCS_CLIENT_ID = "posts-docs"


def create_app(parts: Parts) -> FastAPI:
    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        # The server would wait for streams that do not end by themselves.
        forget = on_shutdown_signal(parts.feed.close)
        try:
            yield
        finally:
            forget()

    return new_app(
        parts,
        MIGRATIONS,
        build_metrics(parts),
        title="Watchword posts",
        summary="Whose post it is, and who may change it.",
        # /posts/events is not the post "events".
        routers=(live.router, posts.router),
        lifespan=lifespan,
        docs_client_id=DOCS_CLIENT_ID,
        scopes=SCOPE_TEXTS,
        links=_links(parts.settings),
    )


def _links(settings: Settings) -> tuple[Link, ...]:
    return (
        Link("/posts", "Posts", "The published posts, newest first, as JSON."),
        Link(settings.issuer, "Watchword identity", "Signs people in, and issues the tokens that are valid here."),
    )


def from_environment() -> FastAPI:
    """Build the app that the server runs, with the settings of its environment."""
    return service.from_environment("posts", Settings, lambda settings: create_app(assemble(settings)))
