"""The applications that have access to an account: seeing it, taking it back, and which services obey then."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from identity_service.dependencies import FromAddress, OurForms, PartsDep, SignOnDep, TakingBackForm
from identity_service.errors import ConsentNotFound
from identity_service.pages.device_routes import OBEDIENCE_SECONDS
from identity_service.pages.rendering import go
from watchword.auth import public

APPLICATIONS: Final = "/account/applications"

# Public, since no access token guards these pages: SignOnDep does. It need not be fresh: a person who takes access
# back can give it again.
router = APIRouter(prefix=APPLICATIONS, include_in_schema=False, dependencies=[OurForms, FromAddress])


@router.get("")
@public
async def show_applications(sign_on: SignOnDep, parts: PartsDep) -> Response:
    applications = await parts.consents.list_applications(sign_on.user_id)
    services = await parts.services.describe({scope for one in applications for scope in one.scopes})
    texts = {scope: text for service in services for scope, text in service.scopes}
    section = "account_applications"
    return parts.pages.page("account_applications.html", section, applications=applications, scope_texts=texts)


@router.post("")
@public
async def take_back(sign_on: SignOnDep, form: TakingBackForm, parts: PartsDep) -> Response:
    """Take the access back, wait for the services to obey, and go on to the page that says which do."""
    if form.model is None:
        raise ConsentNotFound("no id of a client")
    act = await parts.consents.withdraw(sign_on.user_id, form.model.client_id)
    entry_id = await parts.obedience.wait_for_entry(act, OBEDIENCE_SECONDS)
    return go(APPLICATIONS if entry_id is None else f"{APPLICATIONS}/ended/{entry_id}")


@router.get("/ended/{entry_id}")
@public
async def show_ended(entry_id: UUID, sign_on: SignOnDep, parts: PartsDep) -> Response:
    obedience = await parts.obedience.read(sign_on.user_id, entry_id)
    section = "account_application_ended"
    return parts.pages.page("account_ended.html", section, obedience=obedience, back_path=APPLICATIONS)
