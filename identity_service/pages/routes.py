"""The pages that need no sign-in. A GET never acts, since mail scanners follow links; a POST answers 303."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from identity_service.dependencies import FromAddress, GoalDep, PagesDep, PartsDep, SignUpForm
from identity_service.errors import BreachedPassword, EmailTaken, UsernameReserved, UsernameTaken, WeakPassword
from identity_service.oauth.metadata import AUTHORIZATION, LOGOUT
from identity_service.pages.goals import ADMINISTRATION, Goal
from identity_service.pages.rendering import go, see
from identity_service.pages.sign_up import sign_up_page
from watchword.auth import public
from watchword.errors import AppError, NotFound
from watchword.service.assets import asset_answer
from watchword.service.places import is_at_or_below

# They are no API: the OpenAPI document does not have them.
router = APIRouter(include_in_schema=False, dependencies=[FromAddress])

PREFIXES: Final = frozenset(
    {
        "account",
        ADMINISTRATION.removeprefix("/"),
        "assets",
        "confirm-address",
        "consent",
        "deleted-account",
        "device",
        "done",
        "forgot-password",
        LOGOUT.removeprefix("/"),
        "reset-password",
        "secure-account",
        "security-notice",
        "sign-in",
        "sign-out",
        "sign-up",
        "undo-address",
        "verify-email",
    }
)
"""How the paths of pages begin, in whole parts."""

OWN_PATHS: Final = PREFIXES | {AUTHORIZATION.removeprefix("/")}
"""Where people's browsers get pages, and no program reads anything: PREFIXES, and the paths of further pages."""


_OF_ADMINISTRATION: Final = frozenset({ADMINISTRATION.removeprefix("/")})
_OF_PEOPLE: Final = OWN_PATHS - _OF_ADMINISTRATION


def is_page(path: str) -> bool:
    """Whether a refusal at this path is a page for people who are no administrators."""
    return is_at_or_below(path, _OF_PEOPLE)


def is_page_of_administration(path: str) -> bool:
    """Whether a refusal at this path is a page of the administration."""
    return is_at_or_below(path, _OF_ADMINISTRATION)


_FIELDS: Final[dict[type[AppError], str]] = {
    BreachedPassword: "password",
    EmailTaken: "email",
    UsernameReserved: "username",
    UsernameTaken: "username",
    WeakPassword: "password",
}
"""The field that a refusal is about."""


@router.get("/assets/{name}")
@public
async def asset(request: Request, name: str, parts: PartsDep) -> Response:
    """A style sheet, a script or an image, by the name that has the digest of its content."""
    return asset_answer(request, parts.admin_pages.served_assets, name)


@router.get("/done/{outcome}")
@public
async def done(outcome: str, goal: GoalDep, pages: PagesDep) -> Response:
    """What a form has led to. Reloading it does nothing again."""
    section = f"done_{outcome}"
    if not pages.theme.texts.has(section):
        raise NotFound("no such outcome")
    return pages.page("done.html", section, sign_in_path=None if goal == Goal() else goal.sign_in_path)


@router.get("/deleted-account/{receipt}")
@public
async def show_deleted_account(receipt: UUID, parts: PartsDep) -> Response:
    """For anybody with the receipt, which cannot be guessed: the account has no owner who could sign in."""
    erasure = await parts.erasures.get(receipt)
    return parts.pages.page("account_deleted.html", "account_deleted", erasure=erasure)


@router.get("/sign-up")
@public
async def show_sign_up(goal: GoalDep, parts: PartsDep) -> Response:
    return await sign_up_page(parts.pages, parts.code_flow.requests, goal)


@router.post("/sign-up")
@public
async def sign_up(form: SignUpForm, goal: GoalDep, parts: PartsDep) -> Response:
    requests = parts.code_flow.requests
    if form.model is None:
        return await sign_up_page(parts.pages, requests, goal, form)
    try:
        account = await parts.registrations.register(form.model)
    except tuple(_FIELDS) as error:
        return await sign_up_page(parts.pages, requests, goal, form.with_flaw(_FIELDS[type(error)], error))
    if account is not None and goal.authorization_query is not None:
        return go(goal.with_login(form.model.username).sign_in_path)
    return see("account-created") if account is not None else see("look-into-your-mail", goal)
