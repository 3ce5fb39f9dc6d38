"""Requests for the pages of roles."""

from collections.abc import Mapping
from typing import Final

from identity_service.admin.role_schemas import role_tag
from tests.admin.role_requests import EDIT, make_role
from tests.admin_pages.prepared import Prepare, Prepared, nothing
from tests.support.services import Identity, unique

ROLE: Final = "/admin/ui/roles/{name}"


async def new_role(_: Identity) -> Prepared:
    return Prepared(fields={"name": unique("editor"), "description": "Edits", "permissions": [EDIT]})


async def some_role(identity: Identity) -> Prepared:
    return Prepared({"name": await make_role(identity)})


async def etag_of(identity: Identity, name: str) -> str:
    """The entity tag of this role, as a page that shows it has it."""
    return role_tag(await identity.parts.roles.get(name))


async def changed_role(identity: Identity) -> Prepared:
    deleted = await deleted_role(identity)
    return Prepared(deleted.path, {**deleted.fields, "description": "Edits nothing"})


async def deleted_role(identity: Identity) -> Prepared:
    name = await make_role(identity)
    return Prepared({"name": name}, {"etag": await etag_of(identity, name)})


ROLES: Final[Mapping[str, Prepare]] = {
    "GET /admin/ui/roles": nothing,
    "GET /admin/ui/roles/_new": nothing,
    "POST /admin/ui/roles/_new": new_role,
    f"GET {ROLE}": some_role,
    f"GET {ROLE}/change": some_role,
    f"POST {ROLE}/change": changed_role,
    f"GET {ROLE}/delete": some_role,
    f"POST {ROLE}/delete": deleted_role,
    # Only the person who has deleted a role is told who obeys.
    f"GET {ROLE}/deleted": some_role,
}
