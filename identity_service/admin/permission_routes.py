"""The permissions that a role can have."""

from identity_service.admin.permission_schemas import PermissionRead
from identity_service.admin.router import admin_router
from identity_service.dependencies import PartsDep
from watchword.database.errors import DatabaseUnavailable
from watchword.http.responses import refusals

router = admin_router("/permissions", tag="roles")


@router.get(
    "",
    operation_id="admin_permissions_list",
    summary="List the permissions",
    responses=refusals(DatabaseUnavailable),
)
async def list_permissions(parts: PartsDep) -> list[PermissionRead]:
    """Every permission that a service declares: a role can have these and no others."""
    return [PermissionRead.of(one) for one in await parts.admin.permissions.list()]
