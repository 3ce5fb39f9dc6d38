"""Requests for the pages of accounts."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from identity_service.admin.user_schemas import account_tag
from tests.admin_pages.prepared import Prepare, Prepared, nothing
from tests.support.services import Identity, unique

USER: Final = "/admin/ui/users/{user_id}"


async def somebody(identity: Identity) -> Prepared:
    return Prepared({"user_id": await identity.register(unique("somebody"))})


async def etag_of(identity: Identity, user_id: str) -> str:
    """The entity tag of this account, as a page that shows it has it."""
    return account_tag((await identity.parts.access.get(UUID(user_id))).account)


async def changing(identity: Identity) -> Prepared:
    user_id = (await somebody(identity)).path["user_id"]
    return Prepared({"user_id": user_id}, {"etag": await etag_of(identity, user_id)})


async def with_other_roles(identity: Identity) -> Prepared:
    prepared = await changing(identity)
    return Prepared(prepared.path, {**prepared.fields, "roles": ["user", "moderator"]})


async def deleting(identity: Identity) -> Prepared:
    username = unique("somebody")
    return Prepared({"user_id": await identity.register(username)}, {"confirmation": username})


async def deleted(identity: Identity) -> Prepared:
    user_id = await identity.register(unique("somebody"))
    deletion = await identity.parts.accounts.delete(UUID(user_id))
    return Prepared({"user_id": user_id, "receipt": str(deletion.receipt)})


USERS: Final[Mapping[str, Prepare]] = {
    "GET /admin/ui/users": nothing,
    f"GET {USER}": somebody,
    f"GET {USER}/disable": somebody,
    f"POST {USER}/disable": changing,
    f"GET {USER}/enable": somebody,
    f"POST {USER}/enable": changing,
    f"GET {USER}/end-sessions": somebody,
    f"POST {USER}/end-sessions": somebody,
    f"GET {USER}/password-reset": somebody,
    # This installation sends no letters.
    f"POST {USER}/password-reset": somebody,
    f"GET {USER}/reset-factors": somebody,
    f"POST {USER}/reset-factors": somebody,
    f"GET {USER}/roles": somebody,
    f"POST {USER}/roles": with_other_roles,
    f"GET {USER}/delete": somebody,
    f"POST {USER}/delete": deleting,
    f"GET {USER}/deleted/{{receipt}}": deleted,
}
