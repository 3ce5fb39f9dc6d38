"""What sessions look like in JSON."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from identity_service.sessions.models import Session
from watchword.http.fields import Body, Text

Typed = Annotated[Text, Field(min_length=1, max_length=256)]


class SignIn(Body):
    """`username` may be the e-mail address as well."""

    username: Typed
    password: Typed


class SignedInRead(BaseModel):
    """The access token only; the refresh token is in a cookie that no script can read."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - RFC 6749 section 5.1, no secret
    expires_in: int
    scope: str


class SessionRead(BaseModel):
    """One sign-in on one device."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    client_id: str
    device: str | None = Field(description="The browser's or program's own words about itself")
    address: str | None
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool = False

    @classmethod
    def of(cls, session: Session, current: UUID) -> Self:
        return cls.model_validate(session).model_copy(update={"current": session.id == current})
