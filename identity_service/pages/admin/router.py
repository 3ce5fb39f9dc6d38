"""The router of the pages of the administration, with the one guard that all of them have."""

from fastapi import APIRouter, Depends

from identity_service.dependencies import FromAddress, OurForms
from identity_service.pages.admin.dependencies import administrator
from identity_service.pages.goals import ADMINISTRATION


def admin_pages(path: str) -> APIRouter:
    """A router for pages at `/admin/ui` and this path. Its routes are `@public`, since no access token guards them: the
    router's guard does, and refuses forms that no page of ours has sent before it."""
    return APIRouter(
        prefix=f"{ADMINISTRATION}{path}",
        include_in_schema=False,
        dependencies=[OurForms, FromAddress, Depends(administrator)],
    )
