"""Requests about roles."""

from collections.abc import Mapping
from typing import Any, Final

from identity_service.recording.cause import BY_COMMAND_LINE
from identity_service.roles.values import RoleContent
from tests.admin.prepared import WHATEVER_IS_THERE, Prepare, Prepared, nothing
from tests.support.services import Identity, unique

EDIT, DELETE = "post:edit_any", "post:delete_any"


async def new_role(_: Identity) -> Prepared:
    return Prepared(options={"json": role(name=unique("editor"))})


async def present_role(identity: Identity) -> Prepared:
    return Prepared(path={"name": await make_role(identity)})


async def replaced_role(identity: Identity) -> Prepared:
    path = {"name": await make_role(identity)}
    return Prepared(path, WHATEVER_IS_THERE, {"json": role(permissions=[DELETE])})


async def make_role(identity: Identity, *permissions: str) -> str:
    """Make a role, and return its name."""
    name = unique("editor")
    await identity.parts.roles.create(name, "Edits", RoleContent(None, permissions or (EDIT,)), BY_COMMAND_LINE)
    return name


def role(**members: Any) -> dict[str, Any]:
    """The body that makes or replaces a role."""
    return {
        "description": "Edits the posts of others",
        "permissions": [EDIT],
        "requires_second_factor": False,
        **members,
    }


ROLES: Final[Mapping[str, Prepare]] = {
    "GET /admin/roles": nothing,
    "POST /admin/roles": new_role,
    "GET /admin/roles/{name}": present_role,
    "PUT /admin/roles/{name}": replaced_role,
    "DELETE /admin/roles/{name}": present_role,
}
