"""The page of people whose sign-on is too weak for what an application asks."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from identity_service.dependencies import ButtonForm, FromAddress, GoalDep, OurForms, PartsDep
from identity_service.pages.goals import STRONGER
from watchword.auth import public

# It is no API: the OpenAPI document does not have it. Who is not signed on is led to the request, and on from there.
router = APIRouter(include_in_schema=False, dependencies=[OurForms, FromAddress])


@router.get(STRONGER)
@public
async def show_stronger(request: Request, goal: GoalDep, parts: PartsDep) -> Response:
    sign_on = await parts.sign_ons.find(parts.sign_on_cookie.read(request))
    return await parts.sign_in_pages.stronger.show(goal, sign_on)


@router.post(STRONGER)
@public
async def decline_stronger(_: ButtonForm, goal: GoalDep, parts: PartsDep) -> Response:
    return await parts.sign_in_pages.stronger.decline(goal)
