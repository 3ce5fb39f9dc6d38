"""The first page of an account: what it says of its owner, who may change the names here."""

from fastapi import APIRouter
from starlette.responses import Response

from identity_service.accounts.schemas import UserChanges
from identity_service.dependencies import FromAddress, PartsDep, ProfilePageForm, SignOnDep
from identity_service.errors import UsernameReserved, UsernameTaken
from identity_service.pages.account import account_page
from identity_service.pages.goals import ACCOUNT
from identity_service.pages.rendering import go
from watchword.auth import public

# Public, since no access token guards these pages: SignOnDep does.
router = APIRouter(include_in_schema=False, dependencies=[FromAddress])


@router.get("/account")
@public
async def show_account(sign_on: SignOnDep, parts: PartsDep, done: str = "") -> Response:
    return account_page(parts.pages, await parts.accounts.get(sign_on.user_id), done=done)


@router.post("/account")
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
