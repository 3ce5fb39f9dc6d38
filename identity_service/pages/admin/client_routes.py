"""Clients: the applications that ask for tokens. Here they are listed, shown and made."""

from typing import Annotated, Any, Final

from fastapi import Depends
from starlette.responses import Response

from identity_service.admin.client_schemas import ClientPage, ClientRead
from identity_service.clients.errors import ClientExists
from identity_service.dependencies import PartsDep
from identity_service.pages.admin.client_forms import NewClient, options_of
from identity_service.pages.admin.dependencies import AdminRequestDep, FreshAdminRequestDep, sent
from identity_service.pages.admin.lists import all_of
from identity_service.pages.admin.router import admin_pages
from identity_service.pages.admin.user_routes import PAGE_LENGTH
from identity_service.pages.forms import NOTHING, Form
from watchword.auth import public
from watchword.errors import Invalid
from watchword.http.fields import Text

CLIENTS: Final = "/admin/ui/clients"

router = admin_pages("/clients")

NewClientForm = Annotated[Form[NewClient], Depends(sent(NewClient))]


@router.get("")
@public
async def list_clients(admin: AdminRequestDep, parts: PartsDep) -> Response:
    cursor = admin.cursor()
    page = ClientPage.of(await parts.admin.clients.list(cursor, PAGE_LENGTH))
    return admin.page(
        "clients.html",
        "clients",
        items=page.items,
        next_path=admin.next_path(page.next),
        is_later_page=cursor is not None,
    )


# No client has such an id: an id begins with a letter.
@router.get("/_new")
@public
async def show_new(admin: FreshAdminRequestDep, parts: PartsDep) -> Response:
    return await _new_page(admin, parts, admin.typed(NewClient, NOTHING))


@router.post("/_new")
@public
async def create(admin: FreshAdminRequestDep, form: NewClientForm, parts: PartsDep) -> Response:
    """The answer shows the secret, and nothing else does. Sending the form again makes nothing, since the client is
    there."""
    try:
        if form.model is not None:
            made = await parts.admin.clients.create(form.model.as_draft(), admin.cause)
            client_id = made.view.client.id
            if made.secret is None:
                return admin.go(f"{CLIENTS}/{client_id}", "made")
            return admin.page("client_secret.html", "client_made", client_id=client_id, secret=made.secret)
    except ClientExists as error:
        form = form.with_flaw("id", error)
    except Invalid as error:
        form = form.with_faults(error)
    return await _new_page(admin, parts, form)


@router.get("/{client_id}")
@public
async def show_client(client_id: Text, admin: AdminRequestDep, parts: PartsDep) -> Response:
    client = ClientRead.of(await parts.admin.clients.get(client_id))
    return admin.page("client.html", "client", client=client)


async def client_options(parts: PartsDep) -> dict[str, Any]:
    """What a client can have in this installation."""
    return options_of(await all_of(parts.admin.services.list))


async def _new_page(admin: AdminRequestDep, parts: PartsDep, form: Form[NewClient]) -> Response:
    return admin.page("client_new.html", "client_new", form, **await client_options(parts))
