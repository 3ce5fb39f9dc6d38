"""/admin/roles: what people with a role may do."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Path, Request, Response

from identity_service.admin.answers import link_next, read_answer
from identity_service.admin.cursors import NameCursor
from identity_service.admin.role_schemas import RoleDraft, RolePage, RoleRead, RoleReplacement, role_tag
from identity_service.admin.router import admin_router
from identity_service.dependencies import (
    FRESH_SIGN_IN,
    AdminCause,
    ChangeConditions,
    DeletionConditions,
    PartsDep,
    PreferredWaitDep,
    ReadConditions,
)
from identity_service.events.schemas import ObedienceRead
from identity_service.obedience.documentation import PREFER_WAIT, obedience_answer
from identity_service.roles.errors import (
    LastAdministrator,
    PermissionUnknown,
    RoleExists,
    RoleNeeded,
    RoleNotFound,
    RoleTooLarge,
)
from watchword.auth import InsufficientUserAuthentication
from watchword.database.errors import DatabaseUnavailable
from watchword.errors import PreconditionFailed, PreconditionRequired
from watchword.http.fields import Text
from watchword.http.keyset import InvalidCursor
from watchword.http.paging import PageLength
from watchword.http.responses import READ_CONDITIONS, answer, refusals, unchanged

router = admin_router("/roles", tag="roles")

Name = Annotated[Text, Path(description="The name of a role", examples=["editor"])]


@router.get(
    "",
    operation_id="admin_roles_list",
    summary="List the roles",
    responses=answer(200, "Link") | refusals(InvalidCursor, DatabaseUnavailable),
)
async def list_roles(
    parts: PartsDep, request: Request, response: Response, limit: PageLength = 20, cursor: NameCursor = None
) -> RolePage:
    """The roles in alphabetical order, each with what it allows."""
    page = RolePage.of(await parts.roles.list(cursor, limit))
    link_next(page.next, request, response)
    return page


@router.post(
    "",
    operation_id="admin_roles_create",
    summary="Make a role",
    status_code=201,
    responses=answer(201, "Location", "ETag")
    | refusals(RoleExists, PermissionUnknown, RoleTooLarge, InsufficientUserAuthentication, DatabaseUnavailable),
    dependencies=[FRESH_SIGN_IN],
)
async def create_role(draft: RoleDraft, parts: PartsDep, cause: AdminCause, response: Response) -> RoleRead:
    """Make a role, which nobody has yet. It can have the permissions that services declare, and no others."""
    role = await parts.roles.create(draft.name, draft.description, draft.as_content(), cause)
    response.headers.update({"Location": f"/admin/roles/{quote(role.name)}", "ETag": role_tag(role)})
    return RoleRead.of(role)


@router.get(
    "/{name}",
    operation_id="admin_roles_read",
    summary="Read a role",
    response_model=RoleRead,
    responses=answer(200, "ETag") | unchanged("ETag") | refusals(RoleNotFound, PreconditionFailed, DatabaseUnavailable),
    openapi_extra=READ_CONDITIONS,
)
async def read_role(name: Name, parts: PartsDep, conditions: ReadConditions, response: Response) -> RoleRead | Response:
    """A role, and what it allows."""
    role = await parts.roles.get(name)
    return read_answer(RoleRead.of(role), role_tag(role), conditions, response)


@router.put(
    "/{name}",
    operation_id="admin_roles_replace",
    summary="Change what a role is for and what it allows",
    status_code=204,
    response_model=None,
    responses=answer(204, "ETag")
    | obedience_answer("ETag")
    | refusals(
        RoleNotFound,
        PermissionUnknown,
        RoleTooLarge,
        LastAdministrator,
        PreconditionRequired,
        PreconditionFailed,
        InsufficientUserAuthentication,
        DatabaseUnavailable,
    ),
    openapi_extra=PREFER_WAIT,
    dependencies=[FRESH_SIGN_IN],
)
async def replace_role(
    name: Name,
    replacement: RoleReplacement,
    parts: PartsDep,
    cause: AdminCause,
    conditions: ChangeConditions,
    wait: PreferredWaitDep,
    response: Response,
) -> ObedienceRead | None:
    """Give a role this description and exactly these permissions. If the permissions change, every service refuses
    older tokens that carry the role. `ETag` is that of the changed role."""
    changed = await parts.roles.change(
        name, replacement.as_content(), cause, lambda role: conditions.ensure_changeable(role_tag(role))
    )
    response.headers["ETag"] = role_tag(changed.role)
    return await wait.answer(changed.act)


@router.delete(
    "/{name}",
    operation_id="admin_roles_delete",
    summary="Delete a role",
    status_code=204,
    response_model=None,
    responses=obedience_answer()
    | refusals(
        RoleNotFound,
        RoleNeeded,
        LastAdministrator,
        PreconditionFailed,
        InsufficientUserAuthentication,
        DatabaseUnavailable,
    ),
    openapi_extra=PREFER_WAIT,
    dependencies=[FRESH_SIGN_IN],
)
async def delete_role(
    name: Name, parts: PartsDep, cause: AdminCause, conditions: DeletionConditions, wait: PreferredWaitDep
) -> ObedienceRead | None:
    """Delete a role, and take it from everybody who has it. Every service refuses the tokens that carry it. The roles
    `user` and `admin`, which this service gives by itself, cannot be deleted."""
    act = await parts.roles.delete(name, cause, lambda role: conditions.ensure_changeable(role_tag(role)))
    return await wait.answer(act)
