"""/users: register, and see, change and delete your account."""

from uuid import UUID

from fastapi import APIRouter, Depends, Response

from identity_service.accounts.schemas import PasswordChange, Registration, UserCard, UserChanges, UserRead
from identity_service.caching import NO_STORE, forbid_caching
from identity_service.dependencies import AccountsDep, FromAddress, PartsDep, PreferredWaitDep, SignedIn
from identity_service.errors import (
    BreachCheckUnavailable,
    BreachedNewPassword,
    BreachedPassword,
    EmailTaken,
    HashingBusy,
    InitialPasswordKept,
    PasswordChanged,
    UsernameReserved,
    UsernameTaken,
    UserNotFound,
    WeakNewPassword,
    WeakPassword,
    WrongPassword,
)
from identity_service.events.schemas import ObedienceRead
from identity_service.obedience.documentation import PREFER_WAIT, obedience_answer
from identity_service.roles.errors import LastAdministrator
from watchword.auth import public
from watchword.database.errors import DatabaseUnavailable
from watchword.http import StrictRoute
from watchword.http.responses import answer, refusals
from watchword.limits import LimitReached

router = APIRouter(
    prefix="/users", tags=["users"], dependencies=[Depends(forbid_caching), FromAddress], route_class=StrictRoute
)


@router.post(
    "",
    operation_id="users_register",
    summary="Make an account",
    status_code=201,
    response_model=UserRead,
    responses=answer(201, "Location")
    | answer(202, description="A letter was sent to the address; nothing tells whether it has an account already")
    | refusals(
        UsernameTaken,
        UsernameReserved,
        EmailTaken,
        WeakPassword,
        BreachedPassword,
        BreachCheckUnavailable,
        LimitReached,
        HashingBusy,
        DatabaseUnavailable,
    ),
)
@public
async def register(registration: Registration, parts: PartsDep, response: Response) -> UserRead | Response:
    """Make an account, and send a letter to verify its address. Its roles are assigned by an administrator; a role sent
    here is refused.

    Where addresses must be verified before the first sign-in, the answer is 202, also if the address is taken.
    """
    account = await parts.registrations.register(registration)
    if account is None:
        return Response(status_code=202, headers=NO_STORE)
    response.headers["Location"] = f"/users/{account.user.id}"
    return UserRead.of(account)


@router.get("/me", operation_id="users_read_me", summary="Read your account", responses=refusals(UserNotFound))
async def read_me(caller: SignedIn, accounts: AccountsDep) -> UserRead:
    """Your own account."""
    return UserRead.of(await accounts.get(caller.person_id()))


@router.patch(
    "/me",
    operation_id="users_change_me",
    summary="Change your account",
    responses=refusals(UserNotFound, UsernameTaken, UsernameReserved),
)
async def change_me(changes: UserChanges, caller: SignedIn, accounts: AccountsDep) -> UserRead:
    """Change your username or your full name. Posts show a new username at once, tokens from the next one on."""
    return UserRead.of(await accounts.change(caller.person_id(), changes))


@router.delete(
    "/me",
    operation_id="users_delete_me",
    summary="Delete your account",
    status_code=204,
    response_model=None,
    responses=answer(204, "Location") | obedience_answer("Location") | refusals(UserNotFound, LastAdministrator),
    openapi_extra=PREFER_WAIT,
)
async def delete_me(
    caller: SignedIn, accounts: AccountsDep, wait: PreferredWaitDep, response: Response
) -> ObedienceRead | None:
    """Delete your account and end all of its sessions. `Location` is where to watch the other services erase theirs.
    The last administrator must make another one first."""
    deletion = await accounts.delete(caller.person_id())
    response.headers["Location"] = f"/account-deletions/{deletion.receipt}"
    return await wait.answer(deletion.act)


@router.put(
    "/me/password",
    operation_id="users_change_password",
    summary="Change your password",
    status_code=204,
    response_model=None,
    responses=obedience_answer()
    | refusals(
        WrongPassword,
        UserNotFound,
        PasswordChanged,
        WeakNewPassword,
        BreachedNewPassword,
        InitialPasswordKept,
        BreachCheckUnavailable,
        LimitReached,
        HashingBusy,
    ),
    openapi_extra=PREFER_WAIT,
)
async def change_password(
    change: PasswordChange, caller: SignedIn, parts: PartsDep, wait: PreferredWaitDep
) -> ObedienceRead | None:
    """Set another password; the current one is required. Every other session ends."""
    return await wait.answer(await parts.password_changes.change(caller.person_id(), caller.own_session_id(), change))


@router.get(
    "/{user_id}",
    operation_id="users_read",
    summary="Read what everybody may know of a user",
    responses=refusals(UserNotFound, DatabaseUnavailable),
)
@public
async def read_card(user_id: UUID, accounts: AccountsDep) -> UserCard:
    """What everybody may know of a user."""
    return UserCard.model_validate(dict(await accounts.get_card(user_id)))
