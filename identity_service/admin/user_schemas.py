"""What accounts look like to administrators, in JSON."""

from datetime import datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from asyncpg import Record
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from identity_service.accounts.directory import AccountsPage
from identity_service.accounts.models import AccessChange, Account, AccountInUse
from identity_service.admin.tags import entity_tag
from identity_service.users.models import AccountState
from watchword.http.fields import LEFT_OUT, Body, Text

_MAX_ROLES: Final = 100
_MAX_ROLE_CHARACTERS: Final = 100

RoleName = Annotated[Text, Field(max_length=_MAX_ROLE_CHARACTERS, examples=["moderator"])]


class AccountMembers(BaseModel):
    """What lists show of an account, too."""

    id: UUID
    username: str = Field(examples=["ada"])
    email: str = Field(examples=["ada@example.com"], json_schema_extra={"format": "email"})
    email_verified: bool = Field(description="Whether a link that was sent to this address was used")
    full_name: str | None = Field(examples=["Ada Lovelace"])
    state: AccountState = Field(
        description="`awaiting_verification`: nobody can sign in until the owner of the address has verified it",
        examples=["active"],
    )
    roles: list[str] = Field(examples=[["moderator", "user"]])
    created_at: datetime


class AccountSummary(AccountMembers):
    """An account in a list."""

    @classmethod
    def of_row(cls, row: Record) -> Self:
        state = AccountState.of(row["is_active"], row["awaits_verification"])
        return cls(state=state, **{name: row[name] for name in cls.model_fields if name != "state"})


class AccountPage(BaseModel):
    items: list[AccountSummary]
    next: str | None = Field(
        description="The cursor of the next page; null on the last. A page before it may have fewer items than `limit`",
        examples=["7pqn3rMBk8tQxH0Zl9yW3vbS"],
    )

    @classmethod
    def of(cls, page: AccountsPage) -> Self:
        return cls(items=[AccountSummary.of_row(row) for row in page.rows], next=page.next_cursor)


class ChangeableAccount(AccountMembers):
    """What the entity tag of an account is of: all that acts of people change."""

    permissions: list[str] = Field(
        description="What its roles may do", examples=[["post:delete_any", "post:edit_any", "post:unpublish_any"]]
    )
    must_change_password: bool = Field(
        description="Whether the password is an initial one, which its owner has to change before anything else"
    )
    has_second_factor: bool = Field(description="Whether it has an authenticator app or a passkey")
    updated_at: datetime

    @classmethod
    def of(cls, account: Account) -> Self:
        return cls(**cls.members(account))

    @classmethod
    def members(cls, account: Account) -> dict[str, Any]:
        user = account.user
        return {
            "id": user.id,
            "username": user.username,
            "email": user.email,
            "email_verified": user.email_verified_at is not None,
            "full_name": user.full_name,
            "state": AccountState.of(user.is_active, user.awaits_verification),
            "roles": account.roles.roles,
            "permissions": account.roles.permissions,
            "must_change_password": user.must_change_password,
            "has_second_factor": user.has_second_factor,
            "created_at": user.created_at,
            "updated_at": user.updated_at,
        }


class AccountRead(ChangeableAccount):
    """An account, as administrators see it."""

    model_config = ConfigDict(title="AdministeredAccount")

    sessions: int = Field(description="How many live sessions it has", examples=[2])
    last_sign_in_at: datetime | None = Field(
        description="When its owner signed in for the latest of its live sessions; null if it has none"
    )

    @classmethod
    def of_use(cls, account: AccountInUse) -> Self:
        return cls(**cls.members(account.account), **account.use._asdict())


def account_tag(account: Account) -> str:
    """The entity tag of an account: another one for each change that somebody makes."""
    return entity_tag(ChangeableAccount.of(account))


class AccessPatch(Body):
    """Members left out stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"roles": ["user", "moderator"]}, {"active": False}]})

    roles: list[RoleName] = Field(LEFT_OUT, max_length=_MAX_ROLES, description="All roles that it is to have")
    active: StrictBool = Field(LEFT_OUT, description="Whether its owner may sign in; disabling it ends its sessions")

    def as_change(self) -> AccessChange:
        return AccessChange(self.roles, self.active)
