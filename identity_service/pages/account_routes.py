"""What the owner of an account sees of it and changes in a browser. Each form is sent to the path of its page, so that
a person who has to sign in first comes back to it."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from identity_service.accounts.schemas import UserChanges
from identity_service.dependencies import (
    ButtonForm,
    ConfirmationPageForm,
    EmailForm,
    FreshSignOnDep,
    FromAddress,
    GoalDep,
    OurForms,
    PartsDep,
    PasswordChangeForm,
    ProfilePageForm,
    SignOnDep,
)
from identity_service.errors import UsernameReserved, UsernameTaken, WeakPassword, WrongPassword
from identity_service.pages.account import account_page, button_page, email_page, password_page
from identity_service.pages.back_link import find_back_link
from identity_service.pages.errors import ConfirmationWrong
from identity_service.pages.goals import ACCOUNT
from identity_service.pages.rendering import go, see
from identity_service.roles.errors import LastAdministrator
from watchword.auth import public

# Public, since no access token guards these pages: SignOnDep and FreshSignOnDep do.
router = APIRouter(prefix=ACCOUNT, include_in_schema=False, dependencies=[OurForms, FromAddress])


@router.get("")
@public
async def show_account(sign_on: SignOnDep, parts: PartsDep, done: str = "", return_to: str = "") -> Response:
    """The account. `return_to` is the page of an application that the person comes from."""
    back = await find_back_link(parts.clients, return_to)
    return account_page(parts.pages, await parts.accounts.get(sign_on.user_id), done=done, back=back)


@router.post("")
@public
async def change_account(sign_on: SignOnDep, form: ProfilePageForm, parts: PartsDep) -> Response:
    try:
        if form.model is not None:
            changes = UserChanges(username=form.model.username, full_name=form.model.full_name)
            await parts.accounts.change(sign_on.user_id, changes)
            return go(f"{ACCOUNT}?done=profile-changed")
    except (UsernameTaken, UsernameReserved) as error:
        form = form.with_flaw("username", error)
    return account_page(parts.pages, await parts.accounts.get(sign_on.user_id), form)


@router.get("/email")
@public
async def show_email(sign_on: FreshSignOnDep, parts: PartsDep) -> Response:
    return email_page(parts.pages, await parts.accounts.get(sign_on.user_id))


@router.post("/email")
@public
async def change_email(sign_on: FreshSignOnDep, form: EmailForm, parts: PartsDep) -> Response:
    if form.model is None:
        return email_page(parts.pages, await parts.accounts.get(sign_on.user_id), form)
    await parts.address_changes.request_in_sign_on(sign_on, form.model.email)
    return see("look-into-your-mail")


@router.get("/email/verification")
@public
async def show_verification(sign_on: SignOnDep, parts: PartsDep) -> Response:
    return button_page(parts.pages, "email/verification", await parts.accounts.get(sign_on.user_id))


@router.post("/email/verification")
@public
async def ask_for_verification(sign_on: SignOnDep, _: ButtonForm, parts: PartsDep) -> Response:
    await parts.verifications.request_for(sign_on.user_id)
    return see("look-into-your-mail")


@router.get("/password")
@public
async def show_password(sign_on: FreshSignOnDep, goal: GoalDep, parts: PartsDep) -> Response:
    return await password_page(parts.pages, parts.code_flow.requests, sign_on, goal)


@router.post("/password")
@public
async def change_password(
    sign_on: FreshSignOnDep, goal: GoalDep, form: PasswordChangeForm, parts: PartsDep
) -> Response:
    try:
        if form.model is not None:
            await parts.password_changes.change_in_sign_on(sign_on, form.model)
            return see("password-changed-here") if goal.authorization_query is None else go(goal.path)
    except WrongPassword as error:
        form = form.with_flaw("current_password", error)
    except WeakPassword as error:
        form = form.with_flaw("new_password", error)
    return await password_page(parts.pages, parts.code_flow.requests, sign_on, goal, form)


@router.get("/delete")
@public
async def show_delete(sign_on: FreshSignOnDep, parts: PartsDep) -> Response:
    return parts.pages.page("account_delete.html", "account_delete", username=sign_on.username)


@router.post("/delete")
@public
async def delete_account(
    request: Request, sign_on: FreshSignOnDep, form: ConfirmationPageForm, parts: PartsDep
) -> Response:
    try:
        if form.model is not None:
            form.model.ensure_is(sign_on.username)
            deletion = await parts.accounts.delete(sign_on.user_id)
            response = go(f"/deleted-account/{deletion.receipt}")
            parts.sign_on_cookie.delete(request, response)
            return response
    except (ConfirmationWrong, LastAdministrator) as error:
        form = form.with_flaw("confirmation", error)
    return parts.pages.page("account_delete.html", "account_delete", form, username=sign_on.username)
