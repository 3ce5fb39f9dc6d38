"""/admin/users: accounts, as administrators see and change them.

Administrators may act on their own accounts, too: what takes their access away, another administrator can undo or has
to do without them, and one always remains.
"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from identity_service.accounts.directory_statements import Filters
from identity_service.admin.answers import link_next, read_answer
from identity_service.admin.cursors import NameCursor
from identity_service.admin.router import admin_router
from identity_service.admin.user_schemas import AccessPatch, AccountPage, AccountRead, account_tag
from identity_service.dependencies import (
    FRESH_SIGN_IN,
    AccountsDep,
    AdminCause,
    ChangeConditions,
    PartsDep,
    PreferredWaitDep,
    ReadConditions,
    fresh_sign_in,
)
from identity_service.errors import UserNotFound
from identity_service.events.schemas import ObedienceRead
from identity_service.obedience.documentation import PREFER_WAIT, obedience_answer
from identity_service.roles.errors import LastAdministrator, RoleUnknown
from identity_service.users.models import AccountState
from watchword.auth import InsufficientUserAuthentication
from watchword.database.errors import DatabaseUnavailable
from watchword.errors import PreconditionFailed, PreconditionRequired
from watchword.http.fields import Text
from watchword.http.keyset import InvalidCursor
from watchword.http.paging import PageLength
from watchword.http.responses import READ_CONDITIONS, answer, refusals, unchanged

router = admin_router("/users", tag="users")


async def _ensure_fresh_for_roles(request: Request, patch: AccessPatch) -> None:
    """Roles are given and taken only by people who have signed in a short time ago, so that nobody makes themselves an
    administrator at a screen that was left alone. Disabling an account must not wait for that: it may be the answer to
    an attack, and is undone in a moment. One operation does both, so the guard depends on the body."""
    if patch.roles is not None:
        await fresh_sign_in(request)


@router.get(
    "",
    operation_id="admin_users_list",
    summary="List accounts, or search them",
    responses=answer(200, "Link") | refusals(InvalidCursor, DatabaseUnavailable),
)
async def list_users(
    parts: PartsDep,
    request: Request,
    response: Response,
    q: Annotated[
        Text | None, Query(max_length=254, description="How the username or the e-mail address begins, in any case")
    ] = None,
    role: Annotated[Text | None, Query(max_length=100, description="Only accounts that have this role")] = None,
    state: Annotated[AccountState | None, Query(description="Only accounts in this state")] = None,
    limit: PageLength = 20,
    cursor: NameCursor = None,
) -> AccountPage:
    """Without `q`, the newest account comes first. With `q`, the accounts whose username begins with it come first, in
    alphabetical order, and then the others whose e-mail address does. A page searches at most 1,000 accounts: if the
    filters leave most of them out, it may be short or empty, and `next` continues after them."""
    filters = Filters((q or "").strip() or None, role, state)
    page = AccountPage.of(await parts.directory.list(filters, cursor, limit))
    link_next(page.next, request, response)
    return page


@router.get(
    "/{user_id}",
    operation_id="admin_users_read",
    summary="Read an account",
    response_model=AccountRead,
    responses=answer(200, "ETag") | unchanged("ETag") | refusals(UserNotFound, PreconditionFailed, DatabaseUnavailable),
    openapi_extra=READ_CONDITIONS,
)
async def read_user(
    user_id: UUID, parts: PartsDep, conditions: ReadConditions, response: Response
) -> AccountRead | Response:
    """An account, with its roles and what they allow. Its `ETag` changes when somebody changes the account, and not
    with its sessions."""
    account = await parts.access.get(user_id)
    tag = account_tag(account.account)
    return read_answer(AccountRead.of_use(account), tag, conditions, response)


@router.patch(
    "/{user_id}",
    operation_id="admin_users_change",
    summary="Change an account's roles, disable it or enable it",
    status_code=204,
    response_model=None,
    responses=answer(204, "ETag")
    | obedience_answer("ETag")
    | refusals(
        UserNotFound,
        RoleUnknown,
        LastAdministrator,
        PreconditionRequired,
        PreconditionFailed,
        InsufficientUserAuthentication,
        DatabaseUnavailable,
    ),
    openapi_extra=PREFER_WAIT,
    dependencies=[Depends(_ensure_fresh_for_roles)],
)
async def change_user(
    user_id: UUID,
    patch: AccessPatch,
    parts: PartsDep,
    cause: AdminCause,
    conditions: ChangeConditions,
    wait: PreferredWaitDep,
    response: Response,
) -> ObedienceRead | None:
    """Give an account exactly these roles, disable it, which ends its sessions, or enable it again. From now on, every
    service refuses its older tokens. A change of roles requires a sign-in of the last ten minutes. `ETag` is that of
    the changed account."""
    changed = await parts.access.change(
        user_id, patch.as_change(), cause, lambda account: conditions.ensure_changeable(account_tag(account))
    )
    response.headers["ETag"] = account_tag(changed.account)
    return await wait.answer(changed.act)


@router.delete(
    "/{user_id}",
    operation_id="admin_users_delete",
    summary="Delete an account",
    status_code=204,
    response_model=None,
    responses=answer(204, "Location")
    | obedience_answer("Location")
    | refusals(UserNotFound, LastAdministrator, InsufficientUserAuthentication, DatabaseUnavailable),
    openapi_extra=PREFER_WAIT,
    dependencies=[FRESH_SIGN_IN],
)
async def delete_user(
    user_id: UUID, accounts: AccountsDep, cause: AdminCause, wait: PreferredWaitDep, response: Response
) -> ObedienceRead | None:
    """Delete an account with everything that belongs to it. The path in `Location` says which other services have
    erased their data; it is the same if the account was deleted before."""
    deletion = await accounts.delete(user_id, cause)
    response.headers["Location"] = f"/account-deletions/{deletion.receipt}"
    return await wait.answer(deletion.act)
