"""What administrators do to an account. Each act is a form with a page of its own, at the same path."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from identity_service.accounts.models import AccessChange, Account
from identity_service.admin.user_schemas import ChangeableAccount, RoleName, account_tag
from identity_service.dependencies import PartsDep
from identity_service.pages.admin.dependencies import AdminRequestDep, FreshAdminRequestDep, sent
from identity_service.pages.admin.forms import Changing
from identity_service.pages.admin.router import admin_pages
from identity_service.pages.admin.user_routes import USERS, all_roles
from identity_service.pages.errors import ConfirmationWrong, FormMalformed
from identity_service.pages.forms import CHOICES, NOTHING, Button, Confirmation, Form
from identity_service.roles.errors import RoleUnknown
from watchword.auth import public
from watchword.errors import PreconditionFailed

router = admin_pages("/users/{user_id}")


class RolesForm(Changing):
    """The roles that an account is to have, and no others."""

    roles: Annotated[list[RoleName], CHOICES]


AnyForm = Form[Any]
ChangingForm = Annotated[Form[Changing], Depends(sent(Changing))]
ButtonForm = Annotated[Form[Button], Depends(sent(Button))]
DeletionForm = Annotated[Form[Confirmation], Depends(sent(Confirmation))]
RolesPageForm = Annotated[Form[RolesForm], Depends(sent(RolesForm))]


@router.get("/disable")
@public
async def show_disable(user_id: UUID, admin: AdminRequestDep, parts: PartsDep) -> Response:
    return _act_page(admin, "user_disable", await _account(parts, user_id), has_etag=True)


@router.post("/disable")
@public
async def disable(user_id: UUID, admin: AdminRequestDep, form: ChangingForm, parts: PartsDep) -> Response:
    """It ends the sessions of the account, too. A fresh sign-in is not asked for: it may be the answer to an attack."""
    return await _set_active(admin, parts, user_id, form, is_active=False)


@router.get("/enable")
@public
async def show_enable(user_id: UUID, admin: AdminRequestDep, parts: PartsDep) -> Response:
    return _act_page(admin, "user_enable", await _account(parts, user_id), has_etag=True)


@router.post("/enable")
@public
async def enable(user_id: UUID, admin: AdminRequestDep, form: ChangingForm, parts: PartsDep) -> Response:
    return await _set_active(admin, parts, user_id, form, is_active=True)


@router.get("/end-sessions")
@public
async def show_end_sessions(user_id: UUID, admin: AdminRequestDep, parts: PartsDep) -> Response:
    return _act_page(admin, "user_end_sessions", await _account(parts, user_id))


@router.post("/end-sessions")
@public
async def end_sessions(user_id: UUID, admin: AdminRequestDep, _: ButtonForm, parts: PartsDep) -> Response:
    return await admin.go_after(await parts.sessions.end_all(user_id, admin.cause), _path(user_id))


@router.get("/password-reset")
@public
async def show_password_reset(user_id: UUID, admin: FreshAdminRequestDep, parts: PartsDep) -> Response:
    return _act_page(admin, "user_password_reset", await _account(parts, user_id))


@router.post("/password-reset")
@public
async def reset_password(user_id: UUID, admin: FreshAdminRequestDep, _: ButtonForm, parts: PartsDep) -> Response:
    await parts.password_resets.request_for(user_id, admin.cause)
    return admin.go(_path(user_id), "password_reset_sent")


@router.get("/reset-factors")
@public
async def show_reset_factors(user_id: UUID, admin: FreshAdminRequestDep, parts: PartsDep) -> Response:
    return _act_page(admin, "user_reset_factors", await _account(parts, user_id))


@router.post("/reset-factors")
@public
async def reset_factors(user_id: UUID, admin: FreshAdminRequestDep, _: ButtonForm, parts: PartsDep) -> Response:
    """Remove every second factor, for an owner who has lost them."""
    return await admin.go_after(await parts.factors.recovery.reset(user_id, admin.cause), _path(user_id))


@router.get("/roles")
@public
async def show_roles(user_id: UUID, admin: FreshAdminRequestDep, parts: PartsDep) -> Response:
    account = await _account(parts, user_id)
    return await _roles_page(admin, parts, account, admin.typed(RolesForm, _held(account)))


@router.post("/roles")
@public
async def change_roles(user_id: UUID, admin: FreshAdminRequestDep, form: RolesPageForm, parts: PartsDep) -> Response:
    if form.model is None:
        raise FormMalformed("no entity tag, or a role that has no name")
    change = AccessChange(roles=form.model.roles)
    try:
        changed = await parts.access.change(user_id, change, admin.cause, _expecting(form.model))
    except RoleUnknown as error:
        form = form.with_flaw("roles", error)
    except PreconditionFailed:
        account = await _account(parts, user_id)
        return await _roles_page(admin, parts, account, _held(account), stale=form)
    else:
        return await admin.go_after(changed.act, _path(user_id))
    return await _roles_page(admin, parts, await _account(parts, user_id), form)


@router.get("/delete")
@public
async def show_delete(user_id: UUID, admin: FreshAdminRequestDep, parts: PartsDep) -> Response:
    account = await _account(parts, user_id)
    return _delete_page(admin, account, admin.typed(Confirmation, NOTHING))


@router.post("/delete")
@public
async def delete(user_id: UUID, admin: FreshAdminRequestDep, form: DeletionForm, parts: PartsDep) -> Response:
    account = await _account(parts, user_id)
    try:
        if form.model is not None:
            form.model.ensure_is(account.user.username)
            deletion = await parts.accounts.delete(user_id, admin.cause)
            return await admin.go_after(deletion.act, f"{_path(user_id)}/deleted/{deletion.receipt}")
    except ConfirmationWrong as error:
        form = form.with_flaw("confirmation", error)
    return _delete_page(admin, account, form)


@router.get("/deleted/{receipt}")
@public
async def show_deleted(user_id: UUID, receipt: UUID, admin: AdminRequestDep, parts: PartsDep) -> Response:
    erasure = await parts.erasures.get(receipt)
    obedience = await admin.obedience_of(user_id)
    return admin.page("user_deleted.html", "user_deleted", erasure=erasure, user_id=user_id, obedience=obedience)


async def _account(parts: PartsDep, user_id: UUID) -> Account:
    """Raises UserNotFound, also for what is nobody's account."""
    return (await parts.access.get(user_id)).account


def _path(user_id: UUID) -> str:
    return f"{USERS}/{user_id}"


def _expecting(form: Changing) -> Any:
    return lambda account: form.ensure_is(account_tag(account))


async def _set_active(
    admin: AdminRequestDep, parts: PartsDep, user_id: UUID, form: Form[Changing], *, is_active: bool
) -> Response:
    if form.model is None:
        raise FormMalformed("no entity tag")
    change = AccessChange(active=is_active)
    try:
        changed = await parts.access.change(user_id, change, admin.cause, _expecting(form.model))
    except PreconditionFailed:
        section = "user_enable" if is_active else "user_disable"
        return _act_page(admin, section, await _account(parts, user_id), has_etag=True, stale=form)
    return await admin.go_after(changed.act, _path(user_id))


def _act_page(
    admin: AdminRequestDep, section: str, account: Account, *, has_etag: bool = False, stale: AnyForm | None = None
) -> Response:
    """The page of an act that needs nothing but a button."""
    etag = account_tag(account) if has_etag else None
    words: dict[str, Any] = {"account": ChangeableAccount.of(account), "etag": etag}
    return admin.page("user_act.html", section, stale=stale, **words)


def _held(account: Account) -> Form[RolesForm]:
    """The form with the roles that the account has."""
    return Form(choices={"roles": account.roles.roles})


async def _roles_page(
    admin: AdminRequestDep, parts: PartsDep, account: Account, form: Form[RolesForm], *, stale: AnyForm | None = None
) -> Response:
    """The page with a box for each role."""
    words = {
        "account": ChangeableAccount.of(account),
        "etag": form.values.get("etag", account_tag(account)),
        "options": [(role.name, role.name, role.description) for role in await all_roles(parts.roles)],
    }
    return admin.page("user_roles.html", "user_roles", form, stale=stale, **words)


def _delete_page(admin: AdminRequestDep, account: Account, form: Form[Confirmation]) -> Response:
    return admin.page("user_delete.html", "user_delete", form, account=ChangeableAccount.of(account))
