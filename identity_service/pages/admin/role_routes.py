"""Roles: what people who have one may do, out of the permissions that services declare."""

from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import Depends
from starlette.responses import Response

from identity_service.admin.role_schemas import Description, PermissionNames, RoleName, RolePage, RoleRead, role_tag
from identity_service.dependencies import PartsDep
from identity_service.pages.admin.dependencies import AdminRequestDep, FreshAdminRequestDep, sent
from identity_service.pages.admin.forms import Changing
from identity_service.pages.admin.router import admin_pages
from identity_service.pages.admin.user_routes import PAGE_LENGTH
from identity_service.pages.errors import FormMalformed
from identity_service.pages.forms import CHOICES, NOTHING, Form
from identity_service.pages.rendering import go
from identity_service.roles.errors import RoleExists
from identity_service.roles.values import RoleContent, RoleView
from watchword.auth import public
from watchword.errors import Invalid, PreconditionFailed
from watchword.http.fields import Body, Text

ROLES: Final = "/admin/ui/roles"

router = admin_pages("/roles")


class NewRole(Body):
    """A role to be made."""

    name: RoleName
    description: Description
    requires_second_factor: bool = False
    permissions: Annotated[PermissionNames, CHOICES]


class RoleChange(Changing):
    """Everything of a role but its name."""

    description: Description
    requires_second_factor: bool = False
    permissions: Annotated[PermissionNames, CHOICES]


NewRoleForm = Annotated[Form[NewRole], Depends(sent(NewRole))]
ChangeForm = Annotated[Form[RoleChange], Depends(sent(RoleChange))]
DeletionForm = Annotated[Form[Changing], Depends(sent(Changing))]


@router.get("")
@public
async def list_roles(admin: AdminRequestDep, parts: PartsDep) -> Response:
    cursor = admin.cursor()
    page = RolePage.of(await parts.roles.list(cursor, PAGE_LENGTH))
    return admin.page(
        "roles.html",
        "roles",
        items=page.items,
        permissions=await parts.admin.permissions.list(),
        next_path=admin.next_path(page.next),
        is_later_page=cursor is not None,
    )


# No role has such a name: the names of roles begin with a letter.
@router.get("/_new")
@public
async def show_new(admin: FreshAdminRequestDep, parts: PartsDep) -> Response:
    return await _form_page(admin, parts, "role_new", admin.typed(NewRole, NOTHING))


@router.post("/_new")
@public
async def create(admin: FreshAdminRequestDep, form: NewRoleForm, parts: PartsDep) -> Response:
    try:
        if (draft := form.model) is not None:
            content = RoleContent(draft.description, draft.permissions, draft.requires_second_factor)
            role = await parts.roles.create(draft.name, draft.description, content, admin.cause)
            return admin.go(_path(role.name), "made")
    except RoleExists as error:
        form = form.with_flaw("name", error)
    except Invalid as error:
        form = form.with_faults(error)
    return await _form_page(admin, parts, "role_new", form)


@router.get("/{name}")
@public
async def show_role(name: Text, admin: AdminRequestDep, parts: PartsDep) -> Response:
    role = RoleRead.of(await parts.roles.get(name))
    texts = {word: text for word, text, _ in await parts.admin.permissions.list()}
    obedience = await admin.obedience_of(name)
    return admin.page("role.html", "role", role=role, permission_texts=texts, obedience=obedience)


@router.get("/{name}/change")
@public
async def show_change(name: Text, admin: FreshAdminRequestDep, parts: PartsDep) -> Response:
    role = await parts.roles.get(name)
    return await _form_page(admin, parts, "role_change", admin.typed(RoleChange, _as_form(role)), role)


@router.post("/{name}/change")
@public
async def change(name: Text, admin: FreshAdminRequestDep, form: ChangeForm, parts: PartsDep) -> Response:
    try:
        if (replacement := form.model) is not None:
            requires = replacement.requires_second_factor
            content = RoleContent(replacement.description, replacement.permissions, requires)
            changed = await parts.roles.change(name, content, admin.cause, _expecting(replacement))
            if changed.act is None:
                return admin.go(_path(name), "saved")
            return await admin.go_after(changed.act, _path(name))
    except PreconditionFailed:
        role = await parts.roles.get(name)
        return await _form_page(admin, parts, "role_change", _as_form(role), role, stale=form)
    except Invalid as error:
        form = form.with_faults(error)
    return await _form_page(admin, parts, "role_change", form, await parts.roles.get(name))


@router.get("/{name}/delete")
@public
async def show_delete(name: Text, admin: FreshAdminRequestDep, parts: PartsDep) -> Response:
    return _delete_page(admin, await parts.roles.get(name))


@router.post("/{name}/delete")
@public
async def delete(name: Text, admin: FreshAdminRequestDep, form: DeletionForm, parts: PartsDep) -> Response:
    if form.model is None:
        raise FormMalformed("no entity tag")
    try:
        act = await parts.roles.delete(name, admin.cause, _expecting(form.model))
    except PreconditionFailed:
        return _delete_page(admin, await parts.roles.get(name), stale=form)
    return await admin.go_after(act, f"{_path(name)}/deleted")


@router.get("/{name}/deleted")
@public
async def show_deleted(name: Text, admin: AdminRequestDep) -> Response:
    """What the services say to the person who has deleted the role; others see the roles that there are."""
    obedience = await admin.obedience_of(name)
    if obedience is None:
        return go(ROLES)
    return admin.page("role_deleted.html", "role_deleted", role_name=name, obedience=obedience)


def _path(name: str) -> str:
    return f"{ROLES}/{quote(name)}"


def _expecting(form: Changing) -> Any:
    return lambda role: form.ensure_is(role_tag(role))


def _as_form(role: RoleView) -> Form[RoleChange]:
    """The form with what the role has."""
    requires = {"requires_second_factor": "true"} if role.requires_second_factor else {}
    return Form({"description": role.description, **requires}, choices={"permissions": role.permissions})


async def _form_page(
    admin: AdminRequestDep,
    parts: PartsDep,
    section: str,
    form: Form[Any],
    role: RoleView | None = None,
    *,
    stale: Form[Any] | None = None,
) -> Response:
    """The page with a box for each permission that a service declares."""
    declared = await parts.admin.permissions.list()
    options = [(word, word, f"{text} ({audience})") for word, text, audience in declared]
    etag = None if role is None else form.values.get("etag", role_tag(role))
    return admin.page("role_form.html", section, form, role=role, etag=etag, options=options, stale=stale)


def _delete_page(admin: AdminRequestDep, role: RoleView, stale: Form[Any] | None = None) -> Response:
    return admin.page("role_delete.html", "role_delete", role=role, etag=role_tag(role), stale=stale)
