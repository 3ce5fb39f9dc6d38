"""What sessions look like to administrators, in JSON."""

from datetime import datetime
from uuid import UUID

from asyncpg import Record
from pydantic import BaseModel, Field

from identity_service.sessions.directory import SessionsPage


class SessionOwner(BaseModel):
    id: UUID
    username: str = Field(examples=["ada"])


class LiveSession(BaseModel):
    """An application in which somebody is signed in on one device."""

    id: UUID
    user: SessionOwner
    client_id: str = Field(description="The application", examples=["web"])
    sign_on_id: UUID | None = Field(
        description="The sign-on in a browser that the session comes from; null if the application needed no browser"
    )
    device: str | None = Field(
        description="What the browser or program says about itself (User-Agent)",
        examples=["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"],
    )
    address: str | None = Field(examples=["192.0.2.7"])
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, row: Record) -> "LiveSession":
        user = SessionOwner(id=row["user_id"], username=row["username"])
        return cls(user=user, **{name: row[name] for name in cls.model_fields if name != "user"})


class LiveSessionPage(BaseModel):
    items: list[LiveSession]
    next: str | None = Field(
        description="`cursor` of the next page; null on the last. A page with one may have fewer items than `limit`",
        examples=["t0Xn4aQBmb9K8H3cgOYz8CqGX4gD"],
    )

    @classmethod
    def of(cls, page: SessionsPage) -> "LiveSessionPage":
        return cls(items=[LiveSession.of(row) for row in page.rows], next=page.next_cursor)
