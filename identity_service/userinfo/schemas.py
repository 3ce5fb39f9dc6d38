"""What the UserInfo endpoint answers, in JSON."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

# The default of a member that an answer may lack; it is never null.
_ABSENT: Final[Any] = None


class UserInfoRead(BaseModel):
    """OpenID Connect Core section 5.3.2. The scopes `profile` and `email` add what comes after `sub`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "sub": "019901b7-3c1a-7f0e-9d5a-3f6f1f0c2b11",
                "name": "Ada Lovelace",
                "preferred_username": "ada",
                "updated_at": 1_700_000_000,
                "email": "ada@example.com",
                "email_verified": True,
            }
        }
    )

    sub: str
    name: str = _ABSENT
    preferred_username: str = _ABSENT
    updated_at: int = Field(_ABSENT, description="Seconds since 1970")
    email: str = Field(_ABSENT, json_schema_extra={"format": "email"})
    email_verified: bool = _ABSENT
