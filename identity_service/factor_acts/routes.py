"""/users/me: the authenticator app and the recovery codes of your account, and a list of all its factors."""

from fastapi import APIRouter, Depends

from identity_service.caching import forbid_caching
from identity_service.dependencies import FRESH_SIGN_IN, OwnerDep, PartsDep, PreferredWaitDep, SignedIn
from identity_service.errors import FirstPartyRequired
from identity_service.events.schemas import ObedienceRead
from identity_service.factor_acts.schemas import (
    AppConfirmation,
    AppSecretRead,
    FactorsRead,
    RecoveryCodesRead,
)
from identity_service.factors.code_errors import (
    AppNotFound,
    EnrolmentNotFound,
    LastFactorRequired,
    RecoveryCodesWithoutFactor,
    WrongCode,
)
from identity_service.keys.sealing import CannotUnseal
from identity_service.obedience.documentation import PREFER_WAIT, obedience_answer
from watchword.auth import InsufficientUserAuthentication
from watchword.http import StrictRoute
from watchword.http.responses import refusals
from watchword.limits import LimitReached

router = APIRouter(
    prefix="/users/me", tags=["factors"], dependencies=[Depends(forbid_caching)], route_class=StrictRoute
)


@router.get("/factors", operation_id="factors_list", summary="List the second factors of your account")
async def list_factors(caller: SignedIn, parts: PartsDep) -> FactorsRead:
    """What your account has beside its password. An account with an authenticator app or a passkey is let in by neither
    its password alone nor the password grant."""
    return FactorsRead.of(await parts.factors.list.of(caller.person_id()))


@router.post(
    "/totp",
    operation_id="totp_begin",
    summary="Begin to add an authenticator app",
    responses=refusals(FirstPartyRequired, InsufficientUserAuthentication, CannotUnseal),
    dependencies=[FRESH_SIGN_IN],
)
async def begin_app(owner: OwnerDep, parts: PartsDep) -> AppSecretRead:
    """Make a secret for an app (RFC 6238: six digits, 30 seconds, SHA-1). It is shown only now, and counts for nothing
    until the app has shown a code, within 30 minutes. Making another one ends the one before it. Requires a sign-in of
    the last ten minutes."""
    return AppSecretRead.of(await parts.factors.apps.begin(owner))


@router.post(
    "/totp/confirmation",
    operation_id="totp_confirm",
    summary="Confirm an authenticator app by its first code",
    responses=refusals(
        WrongCode, EnrolmentNotFound, FirstPartyRequired, InsufficientUserAuthentication, LimitReached, CannotUnseal
    ),
    dependencies=[FRESH_SIGN_IN],
)
async def confirm_app(confirmation: AppConfirmation, owner: OwnerDep, parts: PartsDep) -> RecoveryCodesRead:
    """Add the app, or replace the one that the account has. The first factor of an account, and a replacement, end
    every other session. With the first factor come recovery codes, which are shown only now. Requires a sign-in of the
    last ten minutes."""
    added = await parts.factors.apps.confirm(owner, confirmation.code)
    return RecoveryCodesRead(recovery_codes=added.recovery_codes)


@router.delete(
    "/totp",
    operation_id="totp_remove",
    summary="Remove the authenticator app",
    status_code=204,
    response_model=None,
    responses=obedience_answer()
    | refusals(AppNotFound, LastFactorRequired, FirstPartyRequired, InsufficientUserAuthentication),
    openapi_extra=PREFER_WAIT,
    dependencies=[FRESH_SIGN_IN],
)
async def remove_app(owner: OwnerDep, parts: PartsDep, wait: PreferredWaitDep) -> ObedienceRead | None:
    """Remove the app. Every other session ends, and this one counts for no more than what the account still has. The
    recovery codes go with the last factor. Requires a sign-in of the last ten minutes."""
    return await wait.answer(await parts.factors.apps.remove(owner))


@router.post(
    "/recovery-codes",
    operation_id="recovery_codes_renew",
    summary="Make new recovery codes",
    responses=refusals(RecoveryCodesWithoutFactor, FirstPartyRequired, InsufficientUserAuthentication, LimitReached),
    dependencies=[FRESH_SIGN_IN],
)
async def renew_recovery_codes(owner: OwnerDep, parts: PartsDep) -> RecoveryCodesRead:
    """Ten recovery codes, which are shown only now. Those that the account had are not valid any more. Requires a
    sign-in of the last ten minutes."""
    return RecoveryCodesRead(recovery_codes=await parts.factors.recovery.renew_codes(owner))
