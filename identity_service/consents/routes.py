"""/users/me/consents: see which applications have access to your account, and take it back."""

from fastapi import APIRouter, Depends

from identity_service.caching import forbid_caching
from identity_service.consents.schemas import ConsentRead
from identity_service.dependencies import ConsentsDep, PreferredWaitDep, SignedIn
from identity_service.errors import ConsentNotFound
from identity_service.events.schemas import ObedienceRead
from identity_service.obedience.documentation import PREFER_WAIT, obedience_answer
from watchword.http.fields import Text
from watchword.http.responses import refusals

router = APIRouter(prefix="/users/me/consents", tags=["consents"], dependencies=[Depends(forbid_caching)])


@router.get("", operation_id="consents_list", summary="List the applications with access to your account")
async def list_consents(caller: SignedIn, consents: ConsentsDep) -> list[ConsentRead]:
    """The applications of others that you have allowed something, on a page or by letting a device sign in, ordered by
    name. The applications of this installation need no consent, and are not listed."""
    return [ConsentRead.of(one) for one in await consents.list_applications(caller.person_id())]


@router.delete(
    "/{client_id}",
    operation_id="consents_withdraw",
    summary="Take an application's access back",
    status_code=204,
    response_model=None,
    responses=obedience_answer() | refusals(ConsentNotFound),
    openapi_extra=PREFER_WAIT,
)
async def withdraw_consent(
    client_id: Text, caller: SignedIn, consents: ConsentsDep, wait: PreferredWaitDep
) -> ObedienceRead | None:
    """Take back all that you have allowed an application, on its devices too. Every service refuses its tokens for your
    account from then on."""
    return await wait.answer(await consents.withdraw(caller.person_id(), client_id))
