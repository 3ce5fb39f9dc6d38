"""/admin/clients: the applications that ask for tokens."""

from typing import Annotated

from fastapi import Path, Request, Response

from identity_service.admin.answers import link_next, read_answer
from identity_service.admin.client_schemas import (
    ClientMade,
    ClientPage,
    ClientPatch,
    ClientRead,
    NewClientBody,
    SecretMade,
    SecretRequest,
    client_tag,
)
from identity_service.admin.cursors import NameCursor
from identity_service.admin.router import admin_router
from identity_service.clients.errors import (
    ClientExists,
    ClientNeeded,
    ClientNotFound,
    ClientPublic,
    FormerSecretNotFound,
    OneSecretValid,
    TwoSecretsValid,
)
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
from watchword.auth import InsufficientUserAuthentication
from watchword.database.errors import DatabaseUnavailable
from watchword.errors import Faulty, PreconditionFailed, PreconditionRequired
from watchword.http.fields import Text
from watchword.http.keyset import InvalidCursor
from watchword.http.paging import PageLength
from watchword.http.responses import READ_CONDITIONS, answer, refusals, unchanged

router = admin_router("/clients", tag="clients")

Id = Annotated[Text, Path(description="The id of a client", examples=["app"])]


@router.get(
    "",
    operation_id="admin_clients_list",
    summary="List the clients",
    responses=answer(200, "Link") | refusals(InvalidCursor, DatabaseUnavailable),
)
async def list_clients(
    parts: PartsDep, request: Request, response: Response, limit: PageLength = 20, cursor: NameCursor = None
) -> ClientPage:
    """The clients, in the order of their ids, each with what it may ask for and when it was used last."""
    page = ClientPage.of(await parts.admin.clients.list(cursor, limit))
    link_next(page.next, request, response)
    return page


@router.post(
    "",
    operation_id="admin_clients_create",
    summary="Make a client",
    status_code=201,
    responses=answer(201, "Location", "ETag")
    | refusals(Faulty, ClientExists, InsufficientUserAuthentication, DatabaseUnavailable),
    dependencies=[FRESH_SIGN_IN],
)
async def create_client(body: NewClientBody, parts: PartsDep, cause: AdminCause, response: Response) -> ClientMade:
    """Make a client. Unless it is public it gets a secret, which only this answer shows."""
    made = await parts.admin.clients.create(body.as_draft(), cause)
    tag = client_tag(made.view.client)
    response.headers.update({"Location": f"/admin/clients/{made.view.client.id}", "ETag": tag})
    return ClientMade(**ClientRead.of(made.view).model_dump(), secret=made.secret)


@router.get(
    "/{client_id}",
    operation_id="admin_clients_read",
    summary="Read a client",
    response_model=ClientRead,
    responses=answer(200, "ETag")
    | unchanged("ETag")
    | refusals(ClientNotFound, PreconditionFailed, DatabaseUnavailable),
    openapi_extra=READ_CONDITIONS,
)
async def read_client(
    client_id: Id, parts: PartsDep, conditions: ReadConditions, response: Response
) -> ClientRead | Response:
    """A client. Its `ETag` changes when somebody changes the client, and not when the client is used."""
    view = await parts.admin.clients.get(client_id)
    return read_answer(ClientRead.of(view), client_tag(view.client), conditions, response)


@router.patch(
    "/{client_id}",
    operation_id="admin_clients_change",
    summary="Change a client",
    responses=answer(200, "ETag")
    | refusals(
        Faulty,
        ClientNotFound,
        PreconditionRequired,
        PreconditionFailed,
        InsufficientUserAuthentication,
        DatabaseUnavailable,
    ),
    dependencies=[FRESH_SIGN_IN],
)
async def change_client(
    client_id: Id,
    patch: ClientPatch,
    parts: PartsDep,
    cause: AdminCause,
    conditions: ChangeConditions,
    response: Response,
) -> ClientRead:
    """Replace the members that are sent. What the client loses is missing from its next token, also after a refresh;
    the tokens that it has stay valid until they expire. At the next set-up, the clients that every installation has get
    back what they need."""
    view = await parts.admin.clients.change(
        client_id, patch.as_replacements(), cause, lambda client: conditions.ensure_changeable(client_tag(client))
    )
    response.headers["ETag"] = client_tag(view.client)
    return ClientRead.of(view)


@router.delete(
    "/{client_id}",
    operation_id="admin_clients_delete",
    summary="Delete a client",
    status_code=204,
    response_model=None,
    responses=obedience_answer()
    | refusals(ClientNotFound, ClientNeeded, PreconditionFailed, InsufficientUserAuthentication, DatabaseUnavailable),
    openapi_extra=PREFER_WAIT,
    dependencies=[FRESH_SIGN_IN],
)
async def delete_client(
    client_id: Id, parts: PartsDep, cause: AdminCause, conditions: DeletionConditions, wait: PreferredWaitDep
) -> ObedienceRead | None:
    """Delete a client with its sessions and its streams of security events. From now on, every service refuses the
    tokens of these sessions. The clients that every installation has cannot be deleted."""
    act = await parts.admin.client_deletion.delete(
        client_id, cause, lambda client: conditions.ensure_changeable(client_tag(client))
    )
    return await wait.answer(act)


@router.post(
    "/{client_id}/secrets",
    operation_id="admin_clients_add_secret",
    summary="Give a client another secret",
    status_code=201,
    responses=refusals(
        ClientNotFound,
        ClientPublic,
        TwoSecretsValid,
        OneSecretValid,
        InsufficientUserAuthentication,
        DatabaseUnavailable,
    ),
    dependencies=[FRESH_SIGN_IN],
)
async def add_secret(client_id: Id, body: SecretRequest, parts: PartsDep, cause: AdminCause) -> SecretMade:
    """Give a client another secret, which only this answer shows. The former one stays valid until it is ended: two may
    be valid at once."""
    return SecretMade(secret=await parts.admin.clients.add_secret(client_id, cause, replaces_latest=body.lost))


@router.delete(
    "/{client_id}/secrets/former",
    operation_id="admin_clients_end_former_secret",
    summary="End the former secret of a client",
    status_code=204,
    responses=refusals(ClientNotFound, FormerSecretNotFound, InsufficientUserAuthentication, DatabaseUnavailable),
    dependencies=[FRESH_SIGN_IN],
)
async def end_former_secret(client_id: Id, parts: PartsDep, cause: AdminCause) -> None:
    """End the former secret, so that only the latest one is valid. `last_used_at` of the former one says whether
    something still uses it."""
    await parts.admin.clients.end_former_secret(client_id, cause)
