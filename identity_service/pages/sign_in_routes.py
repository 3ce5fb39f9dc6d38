"""The pages by which people sign on in their browsers."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from identity_service.dependencies import (
    DeviceDep,
    FromAddress,
    GoalDep,
    SignInPageDep,
    SignInPageForm,
)
from watchword.auth import public

router = APIRouter(include_in_schema=False, dependencies=[FromAddress])


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
