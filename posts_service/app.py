"""The app of this service."""

from fastapi import FastAPI

from posts_service.dependencies import SCOPE_TEXTS
from posts_service.metrics import build_metrics
from posts_service.parts import MIGRATIONS, Parts, assemble
from posts_service.posts import routes as posts
from posts_service.settings import Settings
from watchword import service
from watchword.service import new_app

# The client of the issuer that /docs signs in with.
DOCS_CLIENT_ID = "posts-docs"


def create_app(parts: Parts) -> FastAPI:
    async def security_events() -> dict[str, object]:
        return {"silent": parts.receiver.is_silent(), "seconds": round(parts.receiver.silent_for(), 1)}

    return new_app(
        parts,
        MIGRATIONS,
        build_metrics(parts),
        title="Watchword posts",
        summary="Whose post it is, and who may change it.",
        routers=(posts.router,),
        checks={"security_events": security_events},
        docs_client_id=DOCS_CLIENT_ID,
        scopes=SCOPE_TEXTS,
    )


def from_environment() -> FastAPI:
    """Build the app that the server runs, with the settings of its environment."""
    return service.from_environment("posts", Settings, lambda settings: create_app(assemble(settings)))
