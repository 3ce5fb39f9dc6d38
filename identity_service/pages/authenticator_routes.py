"""The authenticator app of an account on pages. Its secret is shown until a code of the app
confirms it, or it expires."""

from fastapi import APIRouter
from starlette.responses import Response

from identity_service.dependencies import (
    ButtonForm,
    FirstCodeForm,
    FreshSignOnDep,
    FromAddress,
    GoalDep,
    OurForms,
    PartsDep,
)
from identity_service.factors.code_errors import AppNotFound, EnrolmentNotFound, LastFactorRequired, WrongCode
from identity_service.pages.forms import NOTHING
from identity_service.pages.rendering import go
from identity_service.pages.security import made_page, owner_of, removal_page, secret_page
from identity_service.pages.security_paths import APP, SecurityPaths
from watchword.auth import public

# Public, since no access token guards these pages: FreshSignOnDep does.
router = APIRouter(prefix=APP, include_in_schema=False, dependencies=[OurForms, FromAddress])


@router.get("")
@public
async def show_app(sign_on: FreshSignOnDep, goal: GoalDep, parts: PartsDep) -> Response:
    has_app = (await parts.factors.list.of(sign_on.user_id)).app is not None
    words = {"paths": SecurityPaths.before(goal), "has_app": has_app}
    return parts.pages.page("account_security_app.html", "account_security_app", NOTHING, **words)


@router.post("")
@public
async def begin_app(sign_on: FreshSignOnDep, goal: GoalDep, _: ButtonForm, parts: PartsDep) -> Response:
    await parts.factors.apps.begin(owner_of(sign_on))
    return go(SecurityPaths.before(goal).code)


@router.get("/code")
@public
async def show_secret(sign_on: FreshSignOnDep, goal: GoalDep, parts: PartsDep) -> Response:
    secret = await parts.factors.apps.find_secret(owner_of(sign_on))
    return go(SecurityPaths.before(goal).app) if secret is None else secret_page(parts.pages, goal, secret)


@router.post("/code")
@public
async def confirm_app(sign_on: FreshSignOnDep, goal: GoalDep, form: FirstCodeForm, parts: PartsDep) -> Response:
    """With the first factor of the account come recovery codes, which nothing but this answer shows."""
    try:
        if form.model is not None:
            addition = await parts.factors.apps.confirm(owner_of(sign_on), form.model.first_code)
            if addition.recovery_codes:
                return made_page(parts.pages, goal, addition.recovery_codes, "app_added")
            return go(SecurityPaths.before(goal).with_notice("app-connected"))
    except WrongCode as error:
        form = form.with_flaw("first_code", error)
    except EnrolmentNotFound:
        return go(SecurityPaths.before(goal).with_notice("app-not-waiting"))
    secret = await parts.factors.apps.find_secret(owner_of(sign_on))
    return go(SecurityPaths.before(goal).app) if secret is None else secret_page(parts.pages, goal, secret, form)


@router.get("/removal")
@public
async def show_removal(sign_on: FreshSignOnDep, goal: GoalDep, parts: PartsDep) -> Response:
    factors = await parts.factors.list.of(sign_on.user_id)
    paths = SecurityPaths.before(goal)
    if factors.app is None:
        return go(paths.overview)
    return removal_page(parts.pages, goal, factors, "account_security_app_removal", path=paths.app_removal, passkey="")


@router.post("/removal")
@public
async def remove_app(sign_on: FreshSignOnDep, goal: GoalDep, _: ButtonForm, parts: PartsDep) -> Response:
    paths = SecurityPaths.before(goal)
    try:
        await parts.factors.apps.remove(owner_of(sign_on))
    except AppNotFound:
        return go(paths.overview)
    except LastFactorRequired:
        return go(paths.with_notice("factor-needed"))
    return go(paths.with_notice("app-removed"))
