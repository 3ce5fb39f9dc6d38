"""The pages by which people sign on and sign out in their browsers."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from identity_service.dependencies import (
    ButtonForm,
    DeviceDep,
    FromAddress,
    GoalDep,
    PagesDep,
    PartsDep,
    SignInPageDep,
    SignInPageForm,
)
from identity_service.pages.rendering import see
from watchword.auth import public

router = APIRouter(include_in_schema=False, dependencies=[FromAddress])

_CLEAR_PAGES: Final = {"Clear-Site-Data": '"cache", "storage"'}
"""Deletes what this origin keeps in the browser. Not "cookies": that would delete those of every host of the domain,
and the device cookie."""


@router.get("/sign-in")
@public
async def show_sign_in(request: Request, goal: GoalDep, page: SignInPageDep) -> Response:
    return await page.show(request, goal)


@router.post("/sign-in")
@public
async def sign_in(
    request: Request, goal: GoalDep, form: SignInPageForm, device: DeviceDep, page: SignInPageDep
) -> Response:
    return await page.submit(request, goal, form, device)


@router.get("/sign-out")
@public
async def show_sign_out(pages: PagesDep) -> Response:
    return pages.page("sign_out.html", "sign_out")


@router.post("/sign-out")
@public
async def sign_out(request: Request, _: ButtonForm, parts: PartsDep) -> Response:
    """End the sign-on of this browser. Without one it does no harm."""
    await parts.sign_ons.end(parts.sign_on_cookie.read(request))
    response = see("signed-out")
    response.headers.update(_CLEAR_PAGES)
    parts.sign_on_cookie.delete(request, response)
    return response
