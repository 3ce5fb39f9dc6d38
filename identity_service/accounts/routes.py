"""/users: register, and see, change and delete your account."""

from uuid import UUID

from fastapi import APIRouter, Depends, Response

from identity_service.accounts.schemas import PasswordChange, Registration, UserCard, UserChanges, UserRead
from identity_service.caching import forbid_caching
from identity_service.dependencies import AccountsDep, SignedIn
from watchword.auth import public
from watchword.http import StrictRoute

router = APIRouter(prefix="/users", tags=["users"], dependencies=[Depends(forbid_caching)], route_class=StrictRoute)


@router.post("", status_code=201)
@public
async def register(registration: Registration, accounts: AccountsDep, response: Response) -> UserRead:
    """Make an account. Its roles are assigned by an administrator; a role sent here is refused."""
    account = UserRead.of(await accounts.register(registration))
    response.headers["Location"] = f"/users/{account.id}"
    return account


@router.get("/me")
async def read_me(caller: SignedIn, accounts: AccountsDep) -> UserRead:
    """Your own account."""
    return UserRead.of(await accounts.get(caller.person_id()))


@router.patch("/me")
async def change_me(changes: UserChanges, caller: SignedIn, accounts: AccountsDep) -> UserRead:
    """Change your username or your full name. Posts and tokens show a new username from the next token on."""
    return UserRead.of(await accounts.change(caller.person_id(), changes))


@router.delete("/me", status_code=204)
async def delete_me(caller: SignedIn, accounts: AccountsDep, response: Response) -> None:
    """Delete your account and end all of its sessions. `Location` is where to watch the other services erase theirs."""
    receipt = await accounts.delete(caller.person_id())
    response.headers["Location"] = f"/account-deletions/{receipt}"


@router.put("/me/password", status_code=204)
async def change_password(change: PasswordChange, caller: SignedIn, accounts: AccountsDep) -> None:
    """Set another password; the current one is required. Every other session ends."""
    await accounts.change_password(caller.person_id(), caller.own_session_id(), change)


@router.get("/{user_id}")
@public
async def read_card(user_id: UUID, accounts: AccountsDep) -> UserCard:
    """What everybody may know of a user."""
    return UserCard.model_validate(dict(await accounts.get_card(user_id)))
