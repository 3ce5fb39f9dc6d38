"""The pages by which people sign on in their browsers."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from identity_service.dependencies import (
    DeviceDep,
    FromAddress,
    GoalDep,
    PasskeyPageForm,
    PasskeySignInPageDep,
    SecondFactorForm,
    SecondFactorPageDep,
    SignInPageDep,
    SignInPageForm,
)
from identity_service.pages.goals import PASSKEY, PASSKEY_SECOND, SECOND_FACTOR, SIGN_IN
from identity_service.pages.rendering import go
from watchword.auth import public

router = APIRouter(include_in_schema=False, dependencies=[FromAddress])


@router.get(SIGN_IN)
@public
async def show_sign_in(request: Request, goal: GoalDep, page: SignInPageDep) -> Response:
    return await page.show(request, goal)


@router.post(SIGN_IN)
@public
async def sign_in(
    request: Request, goal: GoalDep, form: SignInPageForm, device: DeviceDep, page: SignInPageDep
) -> Response:
    return await page.submit(request, goal, form, device)


@router.get(PASSKEY)
@public
async def show_sign_in_again(goal: GoalDep) -> Response:
    """The page that says that a passkey was refused has this address. Opened again, it leads to the page that asks."""
    return go(goal.sign_in_path)


@router.post(PASSKEY)
@public
async def sign_in_by_passkey(
    request: Request, goal: GoalDep, form: PasskeyPageForm, device: DeviceDep, page: PasskeySignInPageDep
) -> Response:
    return await page.submit(request, goal, form, device)


@router.get(SECOND_FACTOR)
@public
async def show_second_factor(request: Request, goal: GoalDep, page: SecondFactorPageDep) -> Response:
    return await page.show(request, goal)


@router.post(SECOND_FACTOR)
@public
async def prove_second_factor(
    request: Request, goal: GoalDep, form: SecondFactorForm, device: DeviceDep, page: SecondFactorPageDep
) -> Response:
    return await page.submit(request, goal, form, device)


@router.get(PASSKEY_SECOND)
@public
async def show_second_factor_again(goal: GoalDep) -> Response:
    return go(goal.second_factor_path)


@router.post(PASSKEY_SECOND)
@public
async def prove_second_factor_by_passkey(
    request: Request, goal: GoalDep, form: PasskeyPageForm, device: DeviceDep, page: SecondFactorPageDep
) -> Response:
    return await page.submit_passkey(request, goal, form, device)
