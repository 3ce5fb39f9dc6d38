"""The pages that ask for a letter, and those that its link opens. A GET shows, and only a button acts."""

from fastapi import APIRouter
from starlette.responses import Response

from identity_service.accounts.schemas import LinkProof
from identity_service.dependencies import (
    ButtonForm,
    EmailForm,
    FromAddress,
    GoalDep,
    NewPasswordForm,
    PagesDep,
    PartsDep,
    ProofForm,
)
from identity_service.errors import WeakPassword, WrongPassword
from identity_service.links.models import LinkView
from identity_service.pages.forms import NOTHING, Form
from identity_service.pages.goals import FORGOT_PASSWORD
from identity_service.pages.rendering import Pages, go, see
from watchword.auth import public

router = APIRouter(include_in_schema=False, dependencies=[FromAddress])


@router.get(FORGOT_PASSWORD)
@public
async def show_forgot_password(goal: GoalDep, pages: PagesDep) -> Response:
    return pages.page("ask.html", "forgot_password", path=goal.path_before(FORGOT_PASSWORD))


@router.post(FORGOT_PASSWORD)
@public
async def forgot_password(form: EmailForm, goal: GoalDep, parts: PartsDep) -> Response:
    if form.model is None:
        return parts.pages.page("ask.html", "forgot_password", form, path=goal.path_before(FORGOT_PASSWORD))
    await parts.password_resets.request(form.model.email)
    # The goal is not in the letter: everybody may ask for one, and would choose where its reader goes.
    return see("look-into-your-mail", goal)


@router.get("/verify-email")
@public
async def show_ask_again(pages: PagesDep) -> Response:
    return pages.page("ask.html", "verify_email_again", path="/verify-email")


@router.post("/verify-email")
@public
async def ask_again(form: EmailForm, parts: PartsDep) -> Response:
    if form.model is None:
        return parts.pages.page("ask.html", "verify_email_again", form, path="/verify-email")
    await parts.verifications.request(form.model.email)
    return see("look-into-your-mail")


@router.get("/reset-password/{token}")
@public
async def show_reset_password(token: str, parts: PartsDep) -> Response:
    link = await parts.password_resets.look_up(token)
    return parts.pages.page("reset_password.html", "reset_password", path=f"/reset-password/{token}", link=link)


@router.post("/reset-password/{token}")
@public
async def reset_password(token: str, form: NewPasswordForm, parts: PartsDep) -> Response:
    try:
        if form.model is not None:
            await parts.password_resets.complete(token, form.model.new_password)
            return see("password-changed")
    except WeakPassword as error:
        form = form.with_flaw("new_password", error)
    link = await parts.password_resets.look_up(token)
    path = f"/reset-password/{token}"
    return parts.pages.page("reset_password.html", "reset_password", form, path=path, link=link)


@router.get("/verify-email/{token}")
@public
async def show_verify_email(token: str, parts: PartsDep) -> Response:
    return _proof_page(parts.pages, "verify-email", token, await parts.verifications.look_up(token))


@router.post("/verify-email/{token}")
@public
async def verify_email(token: str, form: ProofForm, parts: PartsDep) -> Response:
    try:
        if form.model is not None:
            await parts.verifications.confirm(token, form.model.password)
            return see("address-verified")
    except WrongPassword as error:
        form = form.with_flaw("password", error)
    return _proof_page(parts.pages, "verify-email", token, await parts.verifications.look_up(token), form)


@router.get("/confirm-address/{token}")
@public
async def show_confirm_address(token: str, parts: PartsDep) -> Response:
    return _proof_page(parts.pages, "confirm-address", token, await parts.address_changes.look_up(token))


@router.post("/confirm-address/{token}")
@public
async def confirm_address(token: str, form: ProofForm, parts: PartsDep) -> Response:
    try:
        if form.model is not None:
            await parts.address_changes.confirm(token, form.model.password)
            return see("address-changed")
    except WrongPassword as error:
        form = form.with_flaw("password", error)
    return _proof_page(parts.pages, "confirm-address", token, await parts.address_changes.look_up(token), form)


@router.get("/undo-address/{token}")
@public
async def show_undo_address(token: str, parts: PartsDep) -> Response:
    return _button_page(parts.pages, "undo-address", token, await parts.address_undo.look_up(token))


@router.post("/undo-address/{token}")
@public
async def undo_address(token: str, _: ButtonForm, parts: PartsDep) -> Response:
    await parts.address_undo.act(token)
    return see("address-restored")


@router.get("/security-notice/{token}")
@public
async def show_security_notice(token: str, parts: PartsDep) -> Response:
    return _button_page(parts.pages, "security-notice", token, await parts.security_notices.look_up(token))


@router.get("/secure-account/{token}")
@public
async def show_former_security_notice(token: str) -> Response:
    """The previous release's letters lead here."""
    return go(f"/security-notice/{token}")


@router.post("/security-notice/{token}")
@public
async def disavow(token: str, _: ButtonForm, parts: PartsDep) -> Response:
    await parts.security_notices.act(token)
    return see("account-secured")


def _proof_page(pages: Pages, page: str, token: str, link: LinkView, form: Form[LinkProof] = NOTHING) -> Response:
    """The page that says what a link is about, and asks for the account's password."""
    return pages.page("prove_password.html", page.replace("-", "_"), form, path=f"/{page}/{token}", link=link)


def _button_page(pages: Pages, page: str, token: str, link: LinkView) -> Response:
    """The page that says what a link is about, with the button that acts."""
    return pages.page("button.html", page.replace("-", "_"), path=f"/{page}/{token}", link=link)
