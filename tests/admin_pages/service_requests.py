"""Requests for the pages of services."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from identity_service.admin.service_schemas import service_tag
from tests.admin.service_requests import make_service
from tests.admin_pages.prepared import Prepare, Prepared, nothing
from tests.support.services import Identity, unique

SERVICE: Final = "/admin/ui/services/{service_id}"


def fields(word: str, **others: str) -> dict[str, str]:
    """What a person enters for a service whose scope and permission begin with this word."""
    return {
        "name": "Notes",
        "scopes": f"{word}:read Read your notes",
        "permissions": f"{word}:edit_any Change the notes of others",
        **others,
    }


async def new_service(_: Identity) -> Prepared:
    word = unique("notes")
    return Prepared(fields=fields(word, audience=f"https://{word}.example"))


async def some_service(identity: Identity) -> Prepared:
    return Prepared({"service_id": str((await make_service(identity, unique("notes"))).id)})


async def etag_of(identity: Identity, service_id: UUID) -> str:
    """The entity tag of this service, as a page that shows it has it."""
    return service_tag(await identity.parts.admin.services.get(service_id))


async def changed_service(identity: Identity) -> Prepared:
    word = unique("notes")
    service = await make_service(identity, word)
    return Prepared({"service_id": str(service.id)}, fields(word, name="Jottings", etag=service_tag(service)))


async def deleted_service(identity: Identity) -> Prepared:
    service = await make_service(identity, unique("notes"))
    return Prepared({"service_id": str(service.id)}, {"etag": service_tag(service)})


SERVICES: Final[Mapping[str, Prepare]] = {
    "GET /admin/ui/services": nothing,
    "GET /admin/ui/services/_new": nothing,
    "POST /admin/ui/services/_new": new_service,
    f"GET {SERVICE}": some_service,
    f"GET {SERVICE}/change": some_service,
    f"POST {SERVICE}/change": changed_service,
    f"GET {SERVICE}/delete": some_service,
    f"POST {SERVICE}/delete": deleted_service,
    # Only the person who has deleted a service is told who obeys.
    f"GET {SERVICE}/deleted": some_service,
}
