"""What accounts look like in JSON."""

from datetime import datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from identity_service.accounts.models import Account
from identity_service.users.models import UserState
from identity_service.users.normal_form import (
    MAX_PASSWORD_CHARACTERS,
    MAX_TYPED_CHARACTERS,
    normal_email,
    normal_password,
)
from watchword.http.fields import LEFT_OUT, Body, Text, Visible, visible_pattern

Username = Annotated[
    str,
    Field(
        min_length=3,
        max_length=32,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="Letters, digits, dot, hyphen and underscore; begins with a letter or digit",
        examples=["ada"],
    ),
]


def _normalized(value: str) -> str:
    try:
        return normal_email(value)
    except ValueError as error:
        raise PydanticCustomError("email_invalid", "{reason}", {"reason": str(error)}) from None


def _normal_password(value: Any) -> Any:
    """The normal form, so that the characters are counted that are hashed. Too long a text stays as it is."""
    return normal_password(value) if isinstance(value, str) and len(value) <= MAX_TYPED_CHARACTERS else value


Email = Annotated[
    str,
    Field(max_length=254, examples=["ada@example.com"], json_schema_extra={"format": "email"}),
    AfterValidator(_normalized),
]
Password = Annotated[
    Text,
    Field(min_length=8, max_length=MAX_PASSWORD_CHARACTERS, examples=["correct horse battery"]),
    BeforeValidator(_normal_password),
]
TypedPassword = Annotated[Text, Field(max_length=MAX_TYPED_CHARACTERS, examples=["correct horse battery"])]
"""The present password of an account, as somebody types it. The rules for choosing one do not apply."""

_CONTROLS: Final = r"\x00-\x1f\x7f-\x9f"
FullName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=rf"^[^{_CONTROLS}]*$"),
    Field(
        description="Any text with a visible character and without control characters; white space at both ends is"
        " removed",
        examples=["Ada Lovelace"],
        json_schema_extra={"pattern": visible_pattern(_CONTROLS)},
    ),
    Visible,
]

_NULLABLE: Final = frozenset({"full_name"})


class Registration(Body):
    username: Username
    email: Email
    password: Password
    full_name: FullName | None = None


class UserChanges(Body):
    """Members left out stay as they are. Only `full_name` may be null, which empties it."""

    username: Username = LEFT_OUT
    full_name: FullName | None = None

    @model_validator(mode="before")
    @classmethod
    def _absent_is_not_null(cls, value: Any) -> Any:
        if isinstance(value, dict) and any(value[name] is None for name in value.keys() - _NULLABLE):
            raise PydanticCustomError("null", "null is no value here; leave out what is to stay")
        return value


class PasswordChange(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"current_password": "correct horse battery", "new_password": "paper clouds over Turin"}]
        }
    )

    current_password: TypedPassword
    new_password: Password


class LetterRequest(Body):
    email: Email


class LinkProof(Body):
    """The password of the account, which shows that the reader of a letter is the person who caused it."""

    password: TypedPassword


class PasswordReset(Body):
    new_password: Password


class AddressChange(Body):
    current_password: TypedPassword
    email: Email


class UserCard(BaseModel):
    """What everybody may know of a user."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    username: str = Field(examples=["ada"])


class UserRead(UserCard):
    """What users may know of themselves."""

    email: str = Field(examples=["ada@example.com"], json_schema_extra={"format": "email"})
    email_verified: bool = Field(description="Whether a link that was sent to this address was used")
    full_name: str | None = Field(examples=["Ada Lovelace"])
    state: UserState = Field(examples=["active"])
    roles: list[str] = Field(examples=[["user", "moderator"]])
    permissions: list[str] = Field(examples=[["post:delete_any", "post:edit_any"]])
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, account: Account) -> Self:
        user = account.user
        return cls(
            id=user.id,
            username=user.username,
            email=user.email,
            email_verified=user.email_verified_at is not None,
            full_name=user.full_name,
            state=user.state,
            roles=account.roles.roles,
            permissions=account.roles.permissions,
            created_at=user.created_at,
            updated_at=user.updated_at,
        )
