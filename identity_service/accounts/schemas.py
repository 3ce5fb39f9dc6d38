"""What accounts look like in JSON."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from watchword.http.fields import Body, Text

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
        return validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise PydanticCustomError("email_invalid", "{reason}", {"reason": str(error)}) from None


Email = Annotated[str, Field(max_length=254, examples=["ada@example.com"]), AfterValidator(_normalized)]
Password = Annotated[Text, Field(min_length=8, max_length=256, examples=["correct horse battery"])]


class Registration(Body):
    username: Username
    email: Email
    password: Password


class UserChanges(Body):
    """Members left out stay as they are; none may be null."""

    username: Username | None = None

    @model_validator(mode="before")
    @classmethod
    def _absent_is_not_null(cls, value: Any) -> Any:
        if isinstance(value, dict) and None in value.values():
            raise PydanticCustomError("null", "null is no value here; leave out what is to stay")
        return value


class PasswordChange(Body):
    current_password: Annotated[Text, Field(max_length=256)]
    new_password: Password


class UserCard(BaseModel):
    """What everybody may know."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    username: str


class UserRead(UserCard):
    """What the user themselves may know."""

    email: str
    created_at: datetime
    updated_at: datetime
