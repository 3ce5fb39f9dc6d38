"""What sessions look like in JSON."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from identity_service.sessions.models import Session


class SessionMembers(BaseModel):
    """What its owner and administrators see of a session."""

    id: UUID
    client_id: str = Field(description="The application in which the person is signed in", examples=["web"])
    sign_on_id: UUID | None = Field(
        description="The sign-on in a browser that the session comes from. Ending one session of a sign-on ends the"
        " sign-on and all its sessions. Null if the application needed no browser"
    )
    device: str | None = Field(
        description="What the browser or program says about itself (User-Agent)",
        examples=["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"],
    )
    address: str | None = Field(description="The network address that signed in", examples=["192.0.2.7"])
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


class SessionRead(SessionMembers):
    """One application in which you are signed in on one device."""

    model_config = ConfigDict(from_attributes=True, json_schema_serialization_defaults_required=True)

    current: bool = False

    @classmethod
    def of(cls, session: Session, current: UUID) -> Self:
        return cls.model_validate(session).model_copy(update={"current": session.id == current})
