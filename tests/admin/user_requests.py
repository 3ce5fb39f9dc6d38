"""Requests about accounts."""

from collections.abc import Mapping
from typing import Any, Final

from tests.admin.prepared import Prepare, Prepared, nothing
from tests.support.services import Identity, unique

ANY_VERSION: Final = {"If-Match": "*"}


def of_somebody(headers: Mapping[str, str] | None = None, **options: Any) -> Prepare:
    """Prepare a request about an account that somebody has registered."""

    async def prepare(identity: Identity) -> Prepared:
        return Prepared({"user_id": await identity.register(unique("somebody"))}, headers or {}, options)

    return prepare


USERS: Final[Mapping[str, Prepare]] = {
    "GET /admin/users": nothing,
    "GET /admin/users/{user_id}": of_somebody(),
    "PATCH /admin/users/{user_id}": of_somebody(ANY_VERSION, json={"roles": ["user", "moderator"]}),
    "DELETE /admin/users/{user_id}": of_somebody(),
    "DELETE /admin/users/{user_id}/sessions": of_somebody(),
    "DELETE /admin/users/{user_id}/factors": of_somebody(),
    # This installation sends no letters.
    "POST /admin/users/{user_id}/password-resets": of_somebody(),
    "GET /admin/sessions": nothing,
}
