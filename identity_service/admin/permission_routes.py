"""The permissions that a role can have."""

from pydantic import BaseModel, Field

from identity_service.admin.router import admin_router
from identity_service.dependencies import PartsDep
from watchword.database.errors import DatabaseUnavailable
from watchword.http.responses import refusals

router = admin_router("/permissions", tag="roles")


class PermissionRead(BaseModel):
    """A permission that a service reads in its tokens."""

    permission: str = Field(examples=["post:edit_any"])
    description: str = Field(examples=["Change the posts of others"])
    audience: str = Field(description="The service that reads it", examples=["http://localhost:8002"])


@router.get(
    "",
    operation_id="admin_permissions_list",
    summary="List the permissions",
    responses=refusals(DatabaseUnavailable),
)
async def list_permissions(parts: PartsDep) -> list[PermissionRead]:
    """Every permission that a service declares: a role can have these and no others."""
    return [
        PermissionRead(permission=word, description=text, audience=audience)
        for word, text, audience in await parts.admin.permissions.list()
    ]
