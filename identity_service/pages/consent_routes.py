"""The page on which people let an application use their account. Its query is that of the authorization request."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from identity_service.dependencies import ChoiceForm, ConsentPageDep, FromAddress, OurForms, SignOnDep
from identity_service.pages.forms import query_of
from identity_service.pages.goals import CONSENT
from watchword.auth import public

# Public, since no access token guards the page: SignOnDep does.
router = APIRouter(include_in_schema=False, dependencies=[OurForms, FromAddress])


@router.get(CONSENT)
@public
async def show_consent(request: Request, sign_on: SignOnDep, page: ConsentPageDep) -> Response:
    return await page.show(query_of(request), sign_on)


@router.post(CONSENT)
@public
async def consent(request: Request, sign_on: SignOnDep, form: ChoiceForm, page: ConsentPageDep) -> Response:
    return await page.submit(query_of(request), sign_on, form)
