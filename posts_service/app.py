"""The app of this service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from posts_service.comments import reading_routes as comment_reading
from posts_service.comments import routes as comments
from posts_service.dependencies import SCOPE_TEXTS, Scope
from posts_service.documentation import describe_moderation
from posts_service.export import routes as export
from posts_service.feed import routes as feed
from posts_service.history import routes as history
from posts_service.likes import routes as likes
from posts_service.live import routes as live
from posts_service.metrics import build_metrics
from posts_service.moderation import routes as moderation
from posts_service.pages import routes as pages
from posts_service.pages import writing_routes as writing
from posts_service.pages.environment import SITE
from posts_service.pages.links import links
from posts_service.pages.refusals import is_page, refusal_page
from posts_service.parts import MIGRATIONS, Parts, assemble
from posts_service.posts import reading_routes
from posts_service.posts import routes as posts
from posts_service.settings import Settings
from posts_service.tags import reading_routes as tags
from watchword import service
from watchword.pages import PagesSettings, install
from watchword.service import new_app, on_shutdown_signal
from watchword.service.page_refusals import install as install_page_refusals
from watchword.service.process import SHUTDOWN_SECONDS

# The client of the issuer that /docs signs in with.
DOCS_CLIENT_ID = "posts-docs"

# /posts/events is not the post "events".
ROUTERS = (
    live.router,
    reading_routes.router,
    posts.router,
    likes.router,
    comment_reading.router,
    comments.router,
    history.router,
    moderation.router,
    export.router,
    tags.router,
    feed.router,
    writing.router,
    pages.router,
)


def create_app(parts: Parts, *, issuer_transport: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    """Build the app. `issuer_transport` is how its pages call the issuer, if not over the network."""

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        forget = on_shutdown_signal(parts.on_shutdown)
        try:
            yield
        finally:
            forget()
            await parts.job_worker.finish(SHUTDOWN_SECONDS)
            await parts.limits.limiter.close()
            await parts.renderer.close()

    app = new_app(
        parts,
        MIGRATIONS,
        build_metrics(parts),
        title=SITE,
        summary="Whose post it is, and who may change it.",
        routers=ROUTERS,
        background=(parts.listener.run, parts.job_worker.run),
        lifespan=lifespan,
        own_paths=pages.OWN_PATHS,
        docs_client_id=DOCS_CLIENT_ID,
        scopes=SCOPE_TEXTS,
        links=links(parts.settings.issuer),
    )
    describe_moderation(app, parts.moderation_sign_in)
    install_page_refusals(app, is_page, refusal_page(parts.pages))
    install(app, _pages_settings(parts.settings), clock=parts.clock, transport=issuer_transport)
    return app


def _pages_settings(settings: Settings) -> PagesSettings:
    """How people sign in on the pages of posts."""
    former = settings.pages_former_sealing_key
    return PagesSettings(
        issuer=settings.issuer,
        issuer_address=settings.issuer_address,
        client_id=settings.pages_client_id,
        client_secret=settings.client_secret.get_secret_value(),
        origin=settings.pages_origin or "",
        audience=settings.audience,
        scopes=[Scope.POSTS_WRITE],
        sealing_key=settings.pages_sealing_key.get_secret_value(),
        former_sealing_key=None if former is None else former.get_secret_value(),
        cookie_name="posts",
    )


def from_environment() -> FastAPI:
    """Build the app that the server runs, with the settings of its environment."""
    return service.from_environment("posts", Settings, lambda settings: create_app(assemble(settings)))
