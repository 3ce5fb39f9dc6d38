"""Verifying an address, resetting a password, and the links of the letters that tell what happened to an account."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from identity_service.accounts.schemas import AddressChange, LetterRequest, LinkProof, PasswordReset
from identity_service.caching import NO_STORE, forbid_caching
from identity_service.dependencies import FromAddress, PartsDep, PreferredWaitDep, SignedIn
from identity_service.errors import (
    BreachCheckUnavailable,
    BreachedNewPassword,
    EmailTaken,
    HashingBusy,
    InitialPasswordKept,
    LinkInvalid,
    PasswordChanged,
    UserNotFound,
    WeakNewPassword,
    WrongPassword,
)
from identity_service.events.schemas import ObedienceRead
from identity_service.obedience.documentation import PREFER_WAIT, obedience_answer
from watchword.auth import public
from watchword.database.errors import DatabaseUnavailable
from watchword.http import StrictRoute
from watchword.http.responses import refusals
from watchword.limits import LimitReached

router = APIRouter(tags=["users"], dependencies=[Depends(forbid_caching), FromAddress], route_class=StrictRoute)

Token = Annotated[str, Path(description="The last part of the link in the letter", examples=["0tEnBbQ1xg4c7pQm"])]


@router.post(
    "/email-verifications",
    operation_id="email_verifications_request",
    summary="Ask for another letter that verifies your address",
    status_code=202,
    response_class=Response,
    responses=refusals(LimitReached, DatabaseUnavailable),
)
@public
async def request_verification(request: LetterRequest, parts: PartsDep) -> Response:
    """Send another letter to this address, if an account has it and has not verified it. The answer is always the
    same."""
    await parts.verifications.request(request.email)
    return Response(status_code=202, headers=NO_STORE)


@router.post(
    "/email-verifications/{token}",
    operation_id="email_verifications_confirm",
    summary="Verify your address",
    status_code=204,
    responses=refusals(LinkInvalid, WrongPassword, PasswordChanged, LimitReached, HashingBusy, DatabaseUnavailable),
)
@public
async def confirm_verification(token: Token, parts: PartsDep, proof: LinkProof) -> None:
    """Verify the address that the letter was sent to. It signs nobody in. The password of the account is required;
    without it the link stays valid."""
    await parts.verifications.confirm(token, proof.password)


@router.post(
    "/password-resets",
    operation_id="password_resets_request",
    summary="Ask for a letter that resets your password",
    status_code=202,
    response_class=Response,
    responses=refusals(LimitReached, DatabaseUnavailable),
)
@public
async def request_reset(request: LetterRequest, parts: PartsDep) -> Response:
    """Send a letter to this address, if an account has it. The answer is always the same."""
    await parts.password_resets.request(request.email)
    return Response(status_code=202, headers=NO_STORE)


@router.post(
    "/password-resets/{token}",
    operation_id="password_resets_complete",
    summary="Set another password",
    status_code=204,
    response_model=None,
    responses=obedience_answer()
    | refusals(
        LinkInvalid,
        WeakNewPassword,
        BreachedNewPassword,
        InitialPasswordKept,
        BreachCheckUnavailable,
        LimitReached,
        HashingBusy,
        DatabaseUnavailable,
    ),
    openapi_extra=PREFER_WAIT,
)
@public
async def complete_reset(
    token: Token, reset: PasswordReset, parts: PartsDep, wait: PreferredWaitDep
) -> ObedienceRead | None:
    """Set another password. Every session ends, and nobody is signed in. If the address was not verified before, every
    second factor and every recovery code is removed."""
    return await wait.answer(await parts.password_resets.complete(token, reset.new_password))


@router.post(
    "/users/me/email",
    operation_id="users_change_email",
    summary="Change your address",
    status_code=202,
    response_class=Response,
    responses=refusals(WrongPassword, UserNotFound, PasswordChanged, LimitReached, HashingBusy),
)
async def change_email(change: AddressChange, caller: SignedIn, parts: PartsDep) -> Response:
    """Send a letter to another address; once its link was used, the account has that address. The current password is
    required. The answer is the same if the address is taken."""
    await parts.address_changes.request(caller.person_id(), change.current_password, change.email)
    return Response(status_code=202, headers=NO_STORE)


@router.post(
    "/email-changes/{token}",
    operation_id="email_changes_confirm",
    summary="Confirm a change of address",
    status_code=204,
    responses=refusals(
        LinkInvalid, WrongPassword, PasswordChanged, EmailTaken, LimitReached, HashingBusy, DatabaseUnavailable
    ),
)
@public
async def confirm_email_change(token: Token, proof: LinkProof, parts: PartsDep) -> None:
    """Give the account the address that the letter was sent to. Its password is required. The former address gets a
    letter by which that can be undone, unless it was never verified and the account has a second factor."""
    await parts.address_changes.confirm(token, proof.password)


@router.post(
    "/email-changes/{token}/undo",
    operation_id="email_changes_undo",
    summary="Undo a change of address",
    status_code=204,
    response_model=None,
    responses=obedience_answer() | refusals(LinkInvalid, EmailTaken, HashingBusy, DatabaseUnavailable),
    openapi_extra=PREFER_WAIT,
)
@public
async def undo_email_change(token: Token, parts: PartsDep, wait: PreferredWaitDep) -> ObedienceRead | None:
    """Restore the former address. Every session ends, the second factors that were added in the week before the change
    or since are removed, and the password must be reset by a letter that is sent there."""
    return await wait.answer(await parts.address_undo.act(token))


@router.post(
    "/security-notices/{token}",
    operation_id="security_notices_act",
    summary="Say that this was not you",
    status_code=204,
    response_model=None,
    responses=obedience_answer() | refusals(LinkInvalid, HashingBusy, DatabaseUnavailable),
    openapi_extra=PREFER_WAIT,
)
@public
async def disavow(token: Token, parts: PartsDep, wait: PreferredWaitDep) -> ObedienceRead | None:
    """End every session of the account, and remove the second factors and recovery codes that were added since the
    letter, or since the earliest one whose link is valid; the password must be reset by a letter that is sent at
    once."""
    return await wait.answer(await parts.security_notices.act(token))
