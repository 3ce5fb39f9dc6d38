"""Requests for the pages of clients."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from identity_service.admin.client_schemas import client_tag
from identity_service.pages.admin.client_forms import secrets_tag
from identity_service.recording.cause import BY_COMMAND_LINE
from tests.admin.client_requests import make_client
from tests.admin_pages.prepared import Prepare, Prepared, nothing
from tests.support.services import IDENTITY_URL, Identity, unique

CLIENT: Final = "/admin/ui/clients/{client_id}"


def fields(**others: str | Sequence[str]) -> dict[str, Any]:
    """What a person enters for a program that acts for itself, unless `others` say otherwise."""
    usual = {
        "name": "Robot",
        "grants": ["client_credentials"],
        "scopes": ["ssf.read"],
        "audiences": [IDENTITY_URL],
    }
    return {**usual, **others}


async def new_client(_: Identity) -> Prepared:
    return Prepared(fields=fields(id=unique("robot"), application_type="web"))


async def some_client(identity: Identity) -> Prepared:
    return Prepared({"client_id": await make_client(identity, unique("robot"))})


async def etag_of(identity: Identity, client_id: str) -> str:
    """The entity tag of this client, as a page that shows it has it."""
    return client_tag((await identity.parts.admin.clients.get(client_id)).client)


async def changed_client(identity: Identity) -> Prepared:
    client_id = await make_client(identity, unique("robot"))
    return Prepared({"client_id": client_id}, fields(name="Machine", etag=await etag_of(identity, client_id)))


async def secrets_etag_of(identity: Identity, client_id: str) -> str:
    """The entity tag of the secrets of this client, as a page that shows them has it."""
    return secrets_tag((await identity.parts.admin.clients.get(client_id)).client)


async def with_a_secret(identity: Identity) -> Prepared:
    client_id = await make_client(identity, unique("robot"))
    return Prepared({"client_id": client_id}, {"etag": await secrets_etag_of(identity, client_id)})


async def with_two_secrets(identity: Identity) -> Prepared:
    client_id = await make_client(identity, unique("robot"))
    await identity.parts.admin.clients.add_secret(client_id, BY_COMMAND_LINE, replaces_latest=False)
    return Prepared({"client_id": client_id}, {"etag": await secrets_etag_of(identity, client_id)})


async def deleted_client(identity: Identity) -> Prepared:
    client_id = await make_client(identity, unique("robot"))
    return Prepared({"client_id": client_id}, {"etag": await etag_of(identity, client_id), "repeated": client_id})


CLIENTS: Final[Mapping[str, Prepare]] = {
    "GET /admin/ui/clients": nothing,
    "GET /admin/ui/clients/_new": nothing,
    "POST /admin/ui/clients/_new": new_client,
    f"GET {CLIENT}": some_client,
    f"GET {CLIENT}/change": some_client,
    f"POST {CLIENT}/change": changed_client,
    f"GET {CLIENT}/add-secret": some_client,
    f"POST {CLIENT}/add-secret": with_a_secret,
    f"GET {CLIENT}/end-former-secret": with_two_secrets,
    f"POST {CLIENT}/end-former-secret": with_two_secrets,
    f"GET {CLIENT}/delete": some_client,
    f"POST {CLIENT}/delete": deleted_client,
    # Only the person who has deleted a client is told who obeys.
    f"GET {CLIENT}/deleted": some_client,
}
