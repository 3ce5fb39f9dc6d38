"""Where an account is signed in: seeing it, ending it, and which services obey then."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from identity_service.dependencies import (
    ButtonForm,
    EndingForm,
    FreshSignOnDep,
    FromAddress,
    OurForms,
    PartsDep,
    SignOnDep,
)
from identity_service.errors import SessionNotFound
from identity_service.obedience.models import Act
from identity_service.obedience.service import Obedience
from identity_service.pages.account import button_page
from identity_service.pages.rendering import go
from watchword.auth import public

DEVICES: Final = "/account/devices"
OBEDIENCE_SECONDS: Final = 2
"""How long a person waits at most to see which services obey."""

# Public, since no access token guards these pages: SignOnDep and FreshSignOnDep do.
router = APIRouter(prefix=DEVICES, include_in_schema=False, dependencies=[OurForms, FromAddress])


@router.get("")
@public
async def show_devices(sign_on: SignOnDep, parts: PartsDep) -> Response:
    devices = await parts.signed_in_devices.list_live(sign_on)
    return parts.pages.page("account_devices.html", "account_devices", devices=devices)


@router.post("")
@public
async def end_device(sign_on: FreshSignOnDep, form: EndingForm, parts: PartsDep) -> Response:
    if form.model is None:
        raise SessionNotFound("not an id")
    return await _ended(parts.obedience, await parts.signed_in_devices.end(sign_on.user_id, form.model.id))


@router.get("/others")
@public
async def show_end_others(sign_on: FreshSignOnDep, parts: PartsDep) -> Response:
    return button_page(parts.pages, "devices/others", await parts.accounts.get(sign_on.user_id))


@router.post("/others")
@public
async def end_others(sign_on: FreshSignOnDep, _: ButtonForm, parts: PartsDep) -> Response:
    return await _ended(parts.obedience, await parts.signed_in_devices.end_others(sign_on))


@router.get("/ended/{entry_id}")
@public
async def show_ended(entry_id: UUID, sign_on: SignOnDep, parts: PartsDep) -> Response:
    obedience = await parts.obedience.read(sign_on.user_id, entry_id)
    return parts.pages.page("account_ended.html", "account_ended", obedience=obedience, back_path=DEVICES)


async def _ended(obedience: Obedience, act: Act | None) -> Response:
    """Wait for the services to obey, and go on to the page that says which do; to the list if there was nothing to
    end."""
    entry_id = await obedience.wait_for_entry(act, OBEDIENCE_SECONDS)
    return go(DEVICES if entry_id is None else f"{DEVICES}/ended/{entry_id}")
