"""Accounts: finding them, and seeing one."""

from typing import Annotated, Final
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from identity_service.accounts.directory_statements import Filters
from identity_service.admin.audit_schemas import AuditEntryRead
from identity_service.admin.session_schemas import LiveSessionPage
from identity_service.admin.user_schemas import AccountPage, AccountRead
from identity_service.audit.filters import AuditFilter
from identity_service.dependencies import PartsDep
from identity_service.pages.admin.dependencies import AdminRequestDep
from identity_service.pages.admin.lists import all_of
from identity_service.pages.admin.router import admin_pages
from identity_service.roles.service import Roles
from identity_service.roles.values import RoleView
from identity_service.users.models import AccountState
from watchword.auth import public
from watchword.http.fields import Body, Text

USERS: Final = "/admin/ui/users"
PAGE_LENGTH: Final = 20
_LATEST: Final = 5
"""How many sessions and entries of the audit log the page of an account shows; further ones are behind a link."""

router = admin_pages("/users")


class UserSearch(Body):
    """What the list of accounts is searched for."""

    q: Annotated[Text | None, Field(max_length=254)] = None
    role: Annotated[Text | None, Field(max_length=100)] = None
    state: AccountState | None = None


@router.get("")
@public
async def list_users(admin: AdminRequestDep, parts: PartsDep) -> Response:
    form, cursor = admin.query(UserSearch), admin.cursor()
    search = form.model
    roles = [role.name for role in await all_roles(parts.roles)]
    words = {"roles": roles, "states": list(AccountState), "is_later_page": cursor is not None}
    if search is None:
        return admin.page("users.html", "users", form, items=[], next_path=None, **words)
    filters = Filters((search.q or "").strip() or None, search.role, search.state)
    page = AccountPage.of(await parts.directory.list(filters, cursor, PAGE_LENGTH))
    next_path = admin.next_path(page.next, form)
    return admin.page("users.html", "users", form, items=page.items, next_path=next_path, **words)


@router.get("/{user_id}")
@public
async def show_user(user_id: UUID, admin: AdminRequestDep, parts: PartsDep) -> Response:
    account = AccountRead.of_use(await parts.access.get(user_id))
    sessions = LiveSessionPage.of(await parts.session_directory.list(user_id, None, _LATEST))
    entries = (await parts.admin.audit.list(AuditFilter(subject=str(user_id)), None, _LATEST)).entries
    return admin.page(
        "user.html",
        "user",
        account=account,
        factors=await parts.factors.list.of(user_id),
        sessions=sessions.items,
        entries=[AuditEntryRead.of(row) for row in entries],
        obedience=await admin.obedience_of(user_id),
    )


async def all_roles(roles: Roles) -> list[RoleView]:
    """Every role of the installation, in the order of the names."""
    return await all_of(roles.list)
