"""The router of the administration, with the one guard that all its operations have."""

from fastapi import APIRouter, Depends

from identity_service.caching import forbid_caching
from identity_service.dependencies import ADMINISTRATOR
from watchword.http import StrictRoute


def admin_router(path: str, *, tag: str) -> APIRouter:
    """A router for operations of administrators at `/admin` and this path."""
    return APIRouter(
        prefix=f"/admin{path}",
        tags=[tag],
        dependencies=[Depends(ADMINISTRATOR), Depends(forbid_caching)],
        route_class=StrictRoute,
    )
