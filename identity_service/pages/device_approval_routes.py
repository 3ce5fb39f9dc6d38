"""The page where a person lets a device have a session (RFC 8628 section 3.3): they enter the code that it shows, see
which application asks for what, and decide. Opening a link never decides."""

from fastapi import APIRouter
from starlette.responses import Response

from identity_service.dependencies import DevicePageForm, FromAddress, OurForms, PagesDep, PartsDep, SignOnDep
from identity_service.device_grants.user_codes import display_form, normal_form
from identity_service.errors import UserCodeInvalid
from identity_service.pages.forms import DeviceForm, Form
from identity_service.pages.goals import DEVICE
from identity_service.pages.rendering import Pages, see
from watchword.auth import public

# Public, since no access token guards these pages: SignOnDep does.
router = APIRouter(include_in_schema=False, dependencies=[OurForms, FromAddress])


@router.get(DEVICE)
@public
async def show_device(sign_on: SignOnDep, pages: PagesDep, user_code: str = "") -> Response:
    """The form for the code. The link that a device shows has it filled in."""
    code = normal_form(user_code)
    return _code_page(pages, Form({} if code is None else {"user_code": display_form(code)}))


@router.post(DEVICE)
@public
async def decide_about_device(sign_on: SignOnDep, form: DevicePageForm, parts: PartsDep) -> Response:
    """Show who asks if there is no choice yet, or if somebody else was signed on when the page was shown; otherwise
    carry the choice out."""
    if form.model is None:
        return _code_page(parts.pages, form)
    code, choice = form.model.user_code, form.model.choice
    try:
        if choice is None or form.model.username != sign_on.username:
            device = await parts.device_flow.grants.look_up(sign_on, code)
            return parts.pages.page("device_approval.html", "device_approval", device=device, username=sign_on.username)
        if choice == "allow":
            await parts.device_flow.grants.allow(sign_on, code)
            return see("device-allowed")
        await parts.device_flow.grants.deny(sign_on, code)
        return see("device-denied")
    except UserCodeInvalid as error:
        return _code_page(parts.pages, form.with_flaw("user_code", error))


def _code_page(pages: Pages, form: Form[DeviceForm]) -> Response:
    return pages.page("device_code.html", "device_code", form)
