"""/users: register, see, change, delete."""

from uuid import UUID

from fastapi import APIRouter, Response

from identity_service.accounts import service
from identity_service.accounts.schemas import PasswordChange, Registration, UserCard, UserChanges, UserRead
from identity_service.dependencies import DatabaseDep, NowDep, PasswordsDep, RecorderDep, SignedIn
from identity_service.users.models import User
from watchword.auth import public

router = APIRouter(prefix="/users", tags=["users"])


@router.post("", status_code=201, response_model=UserRead)
@public
async def register(
    registration: Registration, response: Response, database: DatabaseDep, passwords: PasswordsDep
) -> User:
    """Make an account. Its roles are given by an administrator; a role sent here is refused."""
    user = await service.register(database, passwords, registration)
    response.headers["Location"] = f"/users/{user.id}"
    return user


@router.get("/me", response_model=UserRead)
async def read_me(caller: SignedIn, database: DatabaseDep) -> User:
    """Your own account."""
    return await service.get_user(database, caller.person_id())


@router.patch("/me", response_model=UserRead)
async def change_me(
    changes: UserChanges, caller: SignedIn, database: DatabaseDep, recorder: RecorderDep, now: NowDep
) -> User:
    """Change your name. Posts and tokens follow with the next token."""
    return await service.change_user(database, recorder, caller.person_id(), changes, now)


@router.delete("/me", status_code=204)
async def delete_me(
    caller: SignedIn, response: Response, database: DatabaseDep, recorder: RecorderDep, now: NowDep
) -> None:
    """Delete your account and end all of its sessions. `Location` is where to watch the other services erase theirs."""
    receipt = await service.delete_user(database, recorder, caller.person_id(), now)
    response.headers["Location"] = f"/account-deletions/{receipt}"


@router.put("/me/password", status_code=204)
async def change_password(
    change: PasswordChange,
    caller: SignedIn,
    database: DatabaseDep,
    recorder: RecorderDep,
    passwords: PasswordsDep,
    now: NowDep,
) -> None:
    """Set another password; the current one is asked for. Every other session ends."""
    await service.change_password(
        database, recorder, passwords, caller.person_id(), caller.own_session_id(), change, now
    )


@router.get("/{user_id}", response_model=UserCard)
@public
async def read_card(user_id: UUID, database: DatabaseDep) -> UserCard:
    """What everybody may know of a user."""
    return UserCard.model_validate(dict(await service.get_card(database, user_id)))
