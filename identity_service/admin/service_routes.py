"""/admin/services: what tokens can be meant for."""

from uuid import UUID

from fastapi import Request, Response

from identity_service.admin.answers import link_next, read_answer
from identity_service.admin.router import admin_router
from identity_service.admin.service_schemas import NewService, ServicePage, ServicePatch, ServiceRead, service_tag
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
from identity_service.roles.errors import LastAdministrator
from identity_service.services.errors import (
    ScopeInUse,
    ServiceExists,
    ServiceInUse,
    ServiceNeeded,
    ServiceNotFound,
    WordTaken,
)
from watchword.auth import InsufficientUserAuthentication
from watchword.database.errors import DatabaseUnavailable
from watchword.errors import Faulty, PreconditionFailed, PreconditionRequired
from watchword.http.keyset import InvalidCursor
from watchword.http.paging import PageCursor, PageLength
from watchword.http.responses import READ_CONDITIONS, answer, refusals, unchanged

router = admin_router("/services", tag="services")


@router.get(
    "",
    operation_id="admin_services_list",
    summary="List the services",
    responses=answer(200, "Link") | refusals(InvalidCursor, DatabaseUnavailable),
)
async def list_services(
    parts: PartsDep, request: Request, response: Response, limit: PageLength = 20, cursor: PageCursor = None
) -> ServicePage:
    """The services, in the order in which they were made, each with its scopes and permissions."""
    page = ServicePage.of(await parts.admin.services.list(cursor, limit))
    link_next(page.next, request, response)
    return page


@router.post(
    "",
    operation_id="admin_services_create",
    summary="Make a service",
    status_code=201,
    responses=answer(201, "Location", "ETag")
    | refusals(Faulty, ServiceExists, WordTaken, InsufficientUserAuthentication, DatabaseUnavailable),
    dependencies=[FRESH_SIGN_IN],
)
async def create_service(body: NewService, parts: PartsDep, cause: AdminCause, response: Response) -> ServiceRead:
    """Make a service that tokens can be issued for. Its audience never changes. A scope or a permission belongs to one
    service only."""
    service = await parts.admin.services.create(body.as_draft(), cause)
    response.headers.update({"Location": f"/admin/services/{service.id}", "ETag": service_tag(service)})
    return ServiceRead.of(service)


@router.get(
    "/{service_id}",
    operation_id="admin_services_read",
    summary="Read a service",
    response_model=ServiceRead,
    responses=answer(200, "ETag")
    | unchanged("ETag")
    | refusals(ServiceNotFound, PreconditionFailed, DatabaseUnavailable),
    openapi_extra=READ_CONDITIONS,
)
async def read_service(
    service_id: UUID, parts: PartsDep, conditions: ReadConditions, response: Response
) -> ServiceRead | Response:
    """A service with its scopes and permissions."""
    service = await parts.admin.services.get(service_id)
    return read_answer(ServiceRead.of(service), service_tag(service), conditions, response)


@router.patch(
    "/{service_id}",
    operation_id="admin_services_change",
    summary="Change a service",
    status_code=204,
    response_model=None,
    responses=answer(204, "ETag")
    | obedience_answer("ETag")
    | refusals(
        Faulty,
        ServiceNotFound,
        ServiceNeeded,
        ScopeInUse,
        WordTaken,
        LastAdministrator,
        PreconditionRequired,
        PreconditionFailed,
        InsufficientUserAuthentication,
        DatabaseUnavailable,
    ),
    openapi_extra=PREFER_WAIT,
    dependencies=[FRESH_SIGN_IN],
)
async def change_service(
    service_id: UUID,
    patch: ServicePatch,
    parts: PartsDep,
    cause: AdminCause,
    conditions: ChangeConditions,
    wait: PreferredWaitDep,
    response: Response,
) -> ObedienceRead | None:
    """Replace the members that are sent. A permission that the new list lacks is taken from every role that has it, and
    services refuse older tokens that carry such a role. A scope can be removed once no client may ask for it; tokens
    that carry it stay valid until they expire. What every installation has cannot be removed. `ETag` is that of the
    changed service."""
    changed = await parts.admin.services.change(
        service_id, patch.as_changes(), cause, lambda service: conditions.ensure_changeable(service_tag(service))
    )
    response.headers["ETag"] = service_tag(changed.service)
    return await wait.answer(changed.act)


@router.delete(
    "/{service_id}",
    operation_id="admin_services_delete",
    summary="Delete a service",
    status_code=204,
    response_model=None,
    responses=obedience_answer()
    | refusals(
        ServiceNotFound,
        ServiceNeeded,
        ServiceInUse,
        LastAdministrator,
        PreconditionFailed,
        InsufficientUserAuthentication,
        DatabaseUnavailable,
    ),
    openapi_extra=PREFER_WAIT,
    dependencies=[FRESH_SIGN_IN],
)
async def delete_service(
    service_id: UUID, parts: PartsDep, cause: AdminCause, conditions: DeletionConditions, wait: PreferredWaitDep
) -> ObedienceRead | None:
    """Delete a service for which no client may ask for tokens any more. Its permissions are taken from the roles that
    have them. The services that every installation has cannot be deleted."""
    act = await parts.admin.services.delete(
        service_id, cause, lambda service: conditions.ensure_changeable(service_tag(service))
    )
    return await wait.answer(act)
