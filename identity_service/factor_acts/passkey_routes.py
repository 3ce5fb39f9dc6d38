"""/users/me/passkeys: add passkeys to your account, rename and remove them."""

from uuid import UUID

from fastapi import APIRouter, Depends, Response

from identity_service.caching import forbid_caching
from identity_service.dependencies import FRESH_SIGN_IN, DeviceDep, OwnerDep, PasskeyActsDep, PreferredWaitDep
from identity_service.errors import FirstPartyRequired, UserNotFound
from identity_service.events.schemas import ObedienceRead
from identity_service.factor_acts.passkey_schemas import (
    PasskeyAdded,
    PasskeyChanges,
    PasskeyDraft,
    PasskeyOptions,
    PasskeyRead,
)
from identity_service.factors.code_errors import LastFactorRequired
from identity_service.factors.passkey_errors import (
    PasskeyNotFound,
    PasskeyRefused,
    PasskeysUnavailable,
    TooManyPasskeys,
)
from identity_service.obedience.documentation import PREFER_WAIT, obedience_answer
from watchword.http import StrictRoute
from watchword.http.responses import answer, refusals
from watchword.limits import LimitReached

router = APIRouter(
    prefix="/users/me/passkeys", tags=["factors"], dependencies=[Depends(forbid_caching)], route_class=StrictRoute
)


@router.post(
    "/options",
    operation_id="passkeys_begin",
    summary="Begin to add a passkey",
    dependencies=[FRESH_SIGN_IN],
    responses=refusals(PasskeysUnavailable, TooManyPasskeys, UserNotFound, FirstPartyRequired),
)
async def begin_passkey(owner: OwnerDep, passkeys: PasskeyActsDep) -> PasskeyOptions:
    """What a page of this service's own origin passes to the browser, which has an authenticator make a passkey.
    Nothing is stored before the answer. Requires a sign-in of the last ten minutes."""
    return PasskeyOptions(public_key=await passkeys.options(owner.user_id))


@router.post(
    "",
    operation_id="passkeys_add",
    summary="Add a passkey",
    status_code=201,
    dependencies=[FRESH_SIGN_IN],
    responses=answer(201, "Location")
    | refusals(PasskeyRefused, PasskeysUnavailable, TooManyPasskeys, FirstPartyRequired, LimitReached),
)
async def add_passkey(
    draft: PasskeyDraft, owner: OwnerDep, device: DeviceDep, passkeys: PasskeyActsDep, response: Response
) -> PasskeyAdded:
    """Add a passkey. If it is the first factor of the account, every other session ends, and the answer has recovery
    codes. From then on, the password alone does not sign you in. Requires a sign-in of the last ten minutes."""
    addition = await passkeys.add(owner, draft.credential, draft.name_or_default(device))
    response.headers["Location"] = f"/users/me/passkeys/{addition.passkey.id}"
    return PasskeyAdded.of(addition)


@router.patch(
    "/{passkey_id:uuid}",
    operation_id="passkeys_rename",
    summary="Rename a passkey",
    responses=refusals(PasskeyNotFound, FirstPartyRequired),
)
async def rename_passkey(
    passkey_id: UUID, changes: PasskeyChanges, owner: OwnerDep, passkeys: PasskeyActsDep
) -> PasskeyRead:
    """Give a passkey of yours another name."""
    return PasskeyRead.model_validate(await passkeys.rename(owner.user_id, passkey_id, changes.name))


@router.delete(
    "/{passkey_id:uuid}",
    operation_id="passkeys_remove",
    summary="Remove a passkey",
    status_code=204,
    response_model=None,
    dependencies=[FRESH_SIGN_IN],
    responses=obedience_answer() | refusals(PasskeyNotFound, LastFactorRequired, FirstPartyRequired),
    openapi_extra=PREFER_WAIT,
)
async def remove_passkey(
    passkey_id: UUID, owner: OwnerDep, passkeys: PasskeyActsDep, wait: PreferredWaitDep
) -> ObedienceRead | None:
    """Remove a passkey. Every other session ends, and this one counts for no more than what the account still has. The
    recovery codes go with the last factor. Requires a sign-in of the last ten minutes."""
    return await wait.answer(await passkeys.remove(owner, passkey_id))
