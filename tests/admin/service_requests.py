"""Requests about services."""

from collections.abc import Mapping
from typing import Any, Final

from identity_service.recording.cause import BY_COMMAND_LINE
from identity_service.services.drafts import ServiceDraft
from identity_service.services.values import ServiceView
from tests.admin.prepared import WHATEVER_IS_THERE, Prepare, Prepared, nothing
from tests.support.services import Identity, unique


def service(word: str, **members: Any) -> dict[str, Any]:
    """The body that makes a service, whose scope and permission begin with this word."""
    return {
        "audience": f"https://{word}.example",
        "name": "Notes",
        "client_id": None,
        "scopes": [{"scope": f"{word}:read", "description": "Read your notes"}],
        "permissions": [{"permission": f"{word}:edit_any", "description": "Change the notes of others"}],
        **members,
    }


async def make_service(identity: Identity, word: str) -> ServiceView:
    """Make a service whose scope and permission begin with this word."""
    draft = ServiceDraft(
        f"https://{word}.example",
        "Notes",
        scopes={f"{word}:read": "Read your notes"},
        permissions={f"{word}:edit_any": "Change the notes of others"},
    )
    return await identity.parts.admin.services.create(draft, BY_COMMAND_LINE)


async def new_service(_: Identity) -> Prepared:
    return Prepared(options={"json": service(unique("notes"))})


async def present_service(identity: Identity) -> Prepared:
    return Prepared(path={"service_id": str((await make_service(identity, unique("notes"))).id)})


async def changed_service(identity: Identity) -> Prepared:
    path = (await present_service(identity)).path
    return Prepared(path, WHATEVER_IS_THERE, {"json": {"name": "Jottings"}})


SERVICES: Final[Mapping[str, Prepare]] = {
    "GET /admin/services": nothing,
    "POST /admin/services": new_service,
    "GET /admin/services/{service_id}": present_service,
    "PATCH /admin/services/{service_id}": changed_service,
    "DELETE /admin/services/{service_id}": present_service,
}
