"""Requests about clients."""

from collections.abc import Mapping
from typing import Any, Final

from identity_service.clients.drafts import ClientDraft
from identity_service.recording.cause import BY_COMMAND_LINE
from tests.admin.prepared import WHATEVER_IS_THERE, Prepare, Prepared, nothing
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity, unique

SECRET: Final = "a-secret"


def client(client_id: str, **members: Any) -> dict[str, Any]:
    """The body that makes a client, a program that acts for itself unless `members` say otherwise."""
    return {
        "id": client_id,
        "name": "Robot",
        "grants": ["client_credentials"],
        "scopes": ["ssf.read"],
        "audiences": [IDENTITY_URL],
        **members,
    }


async def make_client(identity: Identity, client_id: str, secret: str | None = SECRET, **members: Any) -> str:
    """Make a client, a program that acts for itself unless `members` say otherwise; return its id."""
    usual = {"grants": ["client_credentials"], "scopes": ["ssf.read"], "audiences": [IDENTITY_URL]}
    draft = ClientDraft(client_id, "Robot", secret, **{**usual, **members})
    await identity.parts.admin.clients.create(draft, BY_COMMAND_LINE)
    return client_id


async def make_application(identity: Identity, client_id: str, **members: Any) -> str:
    """Make a public client that signs people in by password, for posts."""
    usual = {"grants": ["password", "refresh_token"], "scopes": ["posts:write"], "audiences": [POSTS_URL]}
    return await make_client(identity, client_id, None, **{**usual, "is_first_party": True, **members})


async def new_client(_: Identity) -> Prepared:
    return Prepared(options={"json": client(unique("robot"))})


async def present_client(identity: Identity) -> Prepared:
    return Prepared(path={"client_id": await make_client(identity, unique("robot"))})


async def changed_client(identity: Identity) -> Prepared:
    path = (await present_client(identity)).path
    return Prepared(path, WHATEVER_IS_THERE, {"json": {"name": "Machine"}})


async def another_secret(identity: Identity) -> Prepared:
    return Prepared((await present_client(identity)).path, options={"json": {}})


async def former_secret(identity: Identity) -> Prepared:
    path = (await present_client(identity)).path
    await identity.parts.admin.clients.add_secret(path["client_id"], BY_COMMAND_LINE, replaces_latest=False)
    return Prepared(path)


CLIENTS: Final[Mapping[str, Prepare]] = {
    "GET /admin/clients": nothing,
    "POST /admin/clients": new_client,
    "GET /admin/clients/{client_id}": present_client,
    "PATCH /admin/clients/{client_id}": changed_client,
    "DELETE /admin/clients/{client_id}": present_client,
    "POST /admin/clients/{client_id}/secrets": another_secret,
    "DELETE /admin/clients/{client_id}/secrets/former": former_secret,
}
