"""What administrators do to a client: each act is a form with a page of its own, at the same path."""

from typing import Annotated, Any

from fastapi import Depends
from starlette.responses import Response

from identity_service.admin.client_schemas import ClientRead, client_tag
from identity_service.clients.errors import OneSecretValid, TwoSecretsValid
from identity_service.clients.values import ClientView
from identity_service.dependencies import PartsDep
from identity_service.pages.admin.client_forms import ClientChange, SecretForm, as_form, secrets_tag
from identity_service.pages.admin.client_routes import CLIENTS, client_options
from identity_service.pages.admin.dependencies import AdminRequestDep, FreshAdminRequestDep, sent
from identity_service.pages.admin.forms import Changing, Confirmed
from identity_service.pages.admin.router import admin_pages
from identity_service.pages.errors import ConfirmationWrong, FormMalformed
from identity_service.pages.forms import NOTHING, Form
from identity_service.pages.rendering import go
from watchword.auth import public
from watchword.errors import Invalid, PreconditionFailed
from watchword.http.fields import Text

router = admin_pages("/clients/{client_id}")

ChangeForm = Annotated[Form[ClientChange], Depends(sent(ClientChange))]
SecretPageForm = Annotated[Form[SecretForm], Depends(sent(SecretForm))]
EndingForm = Annotated[Form[Changing], Depends(sent(Changing))]
DeletionForm = Annotated[Form[Confirmed], Depends(sent(Confirmed))]


@router.get("/change")
@public
async def show_change(client_id: Text, admin: FreshAdminRequestDep, parts: PartsDep) -> Response:
    view = await parts.admin.clients.get(client_id)
    return await _change_page(admin, parts, view, admin.typed(ClientChange, as_form(view.client)))


@router.post("/change")
@public
async def change(client_id: Text, admin: FreshAdminRequestDep, form: ChangeForm, parts: PartsDep) -> Response:
    try:
        if form.model is not None:
            replacements = form.model.as_replacements()
            await parts.admin.clients.change(client_id, replacements, admin.cause, _expecting(form.model))
            return admin.go(_path(client_id), "saved")
    except PreconditionFailed:
        view = await parts.admin.clients.get(client_id)
        return await _change_page(admin, parts, view, as_form(view.client), stale=form)
    except Invalid as error:
        form = form.with_faults(error)
    return await _change_page(admin, parts, await parts.admin.clients.get(client_id), form)


@router.get("/add-secret")
@public
async def show_add_secret(client_id: Text, admin: FreshAdminRequestDep, parts: PartsDep) -> Response:
    return await _secret_page(admin, parts, client_id, admin.typed(SecretForm, NOTHING))


@router.post("/add-secret")
@public
async def add_secret(client_id: Text, admin: FreshAdminRequestDep, form: SecretPageForm, parts: PartsDep) -> Response:
    """The answer shows the secret, and nothing else does. Sending the form again makes no other one, since the secrets
    are not those that it was about."""
    try:
        if form.model is not None:
            lost, expect = form.model.lost, _expecting_secrets(form.model)
            secret = await parts.admin.clients.add_secret(client_id, admin.cause, replaces_latest=lost, expect=expect)
            return admin.page("client_secret.html", "client_secret_made", client_id=client_id, secret=secret)
    except (OneSecretValid, TwoSecretsValid) as error:
        form = form.with_flaw("lost", error)
    except PreconditionFailed:
        return await _secret_page(admin, parts, client_id, NOTHING, stale=form)
    return await _secret_page(admin, parts, client_id, form)


@router.get("/end-former-secret")
@public
async def show_end_former_secret(client_id: Text, admin: FreshAdminRequestDep, parts: PartsDep) -> Response:
    return _former_secret_page(admin, await parts.admin.clients.get(client_id))


@router.post("/end-former-secret")
@public
async def end_former_secret(
    client_id: Text, admin: FreshAdminRequestDep, form: EndingForm, parts: PartsDep
) -> Response:
    if form.model is None:
        raise FormMalformed("no entity tag")
    try:
        await parts.admin.clients.end_former_secret(client_id, admin.cause, _expecting_secrets(form.model))
    except PreconditionFailed:
        return _former_secret_page(admin, await parts.admin.clients.get(client_id), stale=form)
    return admin.go(_path(client_id), "former_secret_ended")


@router.get("/delete")
@public
async def show_delete(client_id: Text, admin: FreshAdminRequestDep, parts: PartsDep) -> Response:
    return _delete_page(admin, await parts.admin.clients.get(client_id), admin.typed(Confirmed, NOTHING))


@router.post("/delete")
@public
async def delete(client_id: Text, admin: FreshAdminRequestDep, form: DeletionForm, parts: PartsDep) -> Response:
    try:
        if form.model is not None:
            form.model.ensure_repeats(client_id)
            act = await parts.admin.client_deletion.delete(client_id, admin.cause, _expecting(form.model))
            return await admin.go_after(act, f"{_path(client_id)}/deleted")
    except ConfirmationWrong as error:
        form = form.with_flaw("repeated", error)
    except PreconditionFailed:
        return _delete_page(admin, await parts.admin.clients.get(client_id), NOTHING, stale=form)
    return _delete_page(admin, await parts.admin.clients.get(client_id), form)


@router.get("/deleted")
@public
async def show_deleted(client_id: Text, admin: AdminRequestDep) -> Response:
    """What the services say to the person who has deleted the client; others see the clients that there are."""
    obedience = await admin.obedience_of(client_id)
    if obedience is None:
        return go(CLIENTS)
    return admin.page("client_deleted.html", "client_deleted", client_id=client_id, obedience=obedience)


def _path(client_id: str) -> str:
    return f"{CLIENTS}/{client_id}"


def _expecting(form: Changing) -> Any:
    return lambda client: form.ensure_is(client_tag(client))


def _expecting_secrets(form: Changing) -> Any:
    return lambda client: form.ensure_is(secrets_tag(client))


async def _change_page(
    admin: AdminRequestDep, parts: PartsDep, view: ClientView, form: Form[ClientChange], stale: Form[Any] | None = None
) -> Response:
    etag = form.values.get("etag", client_tag(view.client))
    words = {"client": ClientRead.of(view), "etag": etag, "stale": stale, **await client_options(parts)}
    return admin.page("client_change.html", "client_change", form, **words)


async def _secret_page(
    admin: AdminRequestDep,
    parts: PartsDep,
    client_id: str,
    form: Form[SecretForm],
    stale: Form[Any] | None = None,
) -> Response:
    view = await parts.admin.clients.get(client_id)
    etag = form.values.get("etag", secrets_tag(view.client))
    words: dict[str, Any] = {"client": ClientRead.of(view), "etag": etag, "stale": stale}
    return admin.page("client_add_secret.html", "client_add_secret", form, **words)


def _former_secret_page(admin: AdminRequestDep, view: ClientView, stale: Form[Any] | None = None) -> Response:
    words: dict[str, Any] = {"client": ClientRead.of(view), "etag": secrets_tag(view.client), "stale": stale}
    return admin.page("client_end_former_secret.html", "client_end_former_secret", **words)


def _delete_page(
    admin: AdminRequestDep, view: ClientView, form: Form[Confirmed], stale: Form[Any] | None = None
) -> Response:
    words = {"client": ClientRead.of(view), "etag": form.values.get("etag", client_tag(view.client)), "stale": stale}
    return admin.page("client_delete.html", "client_delete", form, **words)
