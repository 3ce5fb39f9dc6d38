"""Services: what tokens can be meant for, with the scopes and permissions that each declares."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from identity_service.admin.service_schemas import ServicePage, ServiceRead, service_tag
from identity_service.dependencies import PartsDep
from identity_service.pages.admin.dependencies import AdminRequestDep, FreshAdminRequestDep, sent
from identity_service.pages.admin.forms import Changing
from identity_service.pages.admin.router import admin_pages
from identity_service.pages.admin.service_forms import NewService, ServiceChange, as_form
from identity_service.pages.admin.user_routes import PAGE_LENGTH
from identity_service.pages.errors import FormMalformed
from identity_service.pages.forms import NOTHING, Form
from identity_service.pages.rendering import go
from identity_service.services.errors import ScopeInUse, ServiceExists, WordTaken
from identity_service.services.values import ServiceView
from watchword.auth import public
from watchword.errors import Invalid, PreconditionFailed

SERVICES: Final = "/admin/ui/services"

router = admin_pages("/services")

NewServiceForm = Annotated[Form[NewService], Depends(sent(NewService))]
ChangeForm = Annotated[Form[ServiceChange], Depends(sent(ServiceChange))]
DeletionForm = Annotated[Form[Changing], Depends(sent(Changing))]


@router.get("")
@public
async def list_services(admin: AdminRequestDep, parts: PartsDep) -> Response:
    cursor = admin.cursor()
    page = ServicePage.of(await parts.admin.services.list(cursor, PAGE_LENGTH))
    return admin.page(
        "services.html",
        "services",
        items=page.items,
        next_path=admin.next_path(page.next),
        is_later_page=cursor is not None,
    )


@router.get("/_new")
@public
async def show_new(admin: FreshAdminRequestDep) -> Response:
    return _form_page(admin, "service_new", admin.typed(NewService, NOTHING))


@router.post("/_new")
@public
async def create(admin: FreshAdminRequestDep, form: NewServiceForm, parts: PartsDep) -> Response:
    try:
        if form.model is not None:
            service = await parts.admin.services.create(form.model.as_draft(), admin.cause)
            return admin.go(_path(service.id), "made")
    except ServiceExists as error:
        form = form.with_flaw("audience", error)
    except WordTaken as error:
        form = form.with_flaw("scopes", error)
    except Invalid as error:
        form = form.with_faults(error)
    return _form_page(admin, "service_new", form)


@router.get("/{service_id}")
@public
async def show_service(service_id: UUID, admin: AdminRequestDep, parts: PartsDep) -> Response:
    service = ServiceRead.of(await parts.admin.services.get(service_id))
    return admin.page("service.html", "service", service=service, obedience=await admin.obedience_of(service_id))


@router.get("/{service_id}/change")
@public
async def show_change(service_id: UUID, admin: FreshAdminRequestDep, parts: PartsDep) -> Response:
    service = await parts.admin.services.get(service_id)
    return _form_page(admin, "service_change", admin.typed(ServiceChange, as_form(service)), service)


@router.post("/{service_id}/change")
@public
async def change(service_id: UUID, admin: FreshAdminRequestDep, form: ChangeForm, parts: PartsDep) -> Response:
    try:
        if form.model is not None:
            changes, expect = form.model.as_changes(), _expecting(form.model)
            changed = await parts.admin.services.change(service_id, changes, admin.cause, expect)
            if changed.act is None:
                return admin.go(_path(service_id), "saved")
            return await admin.go_after(changed.act, _path(service_id))
    except PreconditionFailed:
        service = await parts.admin.services.get(service_id)
        return _form_page(admin, "service_change", as_form(service), service, stale=form)
    except (ScopeInUse, WordTaken) as error:
        form = form.with_flaw("scopes", error)
    except Invalid as error:
        form = form.with_faults(error)
    return _form_page(admin, "service_change", form, await parts.admin.services.get(service_id))


@router.get("/{service_id}/delete")
@public
async def show_delete(service_id: UUID, admin: FreshAdminRequestDep, parts: PartsDep) -> Response:
    return _delete_page(admin, await parts.admin.services.get(service_id))


@router.post("/{service_id}/delete")
@public
async def delete(service_id: UUID, admin: FreshAdminRequestDep, form: DeletionForm, parts: PartsDep) -> Response:
    if form.model is None:
        raise FormMalformed("no entity tag")
    try:
        act = await parts.admin.services.delete(service_id, admin.cause, _expecting(form.model))
    except PreconditionFailed:
        return _delete_page(admin, await parts.admin.services.get(service_id), stale=form)
    if act is None:
        return admin.go(SERVICES, "deleted")
    return await admin.go_after(act, f"{_path(service_id)}/deleted")


@router.get("/{service_id}/deleted")
@public
async def show_deleted(service_id: UUID, admin: AdminRequestDep) -> Response:
    """What the services say to the person who has deleted the service; others see the services that there are."""
    obedience = await admin.obedience_of(service_id)
    if obedience is None:
        return go(SERVICES)
    return admin.page("service_deleted.html", "service_deleted", obedience=obedience)


def _path(service_id: UUID) -> str:
    return f"{SERVICES}/{service_id}"


def _expecting(form: Changing) -> Any:
    return lambda service: form.ensure_is(service_tag(service))


def _form_page(
    admin: AdminRequestDep,
    section: str,
    form: Form[Any],
    service: ServiceView | None = None,
    stale: Form[Any] | None = None,
) -> Response:
    etag = None if service is None else form.values.get("etag", service_tag(service))
    return admin.page("service_form.html", section, form, service=service, etag=etag, stale=stale)


def _delete_page(admin: AdminRequestDep, service: ServiceView, stale: Form[Any] | None = None) -> Response:
    words: dict[str, Any] = {"service": service, "etag": service_tag(service), "stale": stale}
    return admin.page("service_delete.html", "service_delete", **words)
