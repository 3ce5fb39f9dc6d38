"""What sessions look like to administrators, in JSON."""

from uuid import UUID

from asyncpg import Record
from pydantic import BaseModel, Field

from identity_service.sessions.directory import SessionsPage
from identity_service.sessions.schemas import SessionMembers


class SessionOwner(BaseModel):
    id: UUID
    username: str = Field(examples=["ada"])


class LiveSession(SessionMembers):
    """An application in which somebody is signed in on one device."""

    user: SessionOwner

    @classmethod
    def of(cls, row: Record) -> "LiveSession":
        user = SessionOwner(id=row["user_id"], username=row["username"])
        return cls(user=user, **{name: row[name] for name in cls.model_fields if name != "user"})


class LiveSessionPage(BaseModel):
    items: list[LiveSession]
    next: str | None = Field(
        description="The cursor of the next page; null on the last. A page before it may have fewer items than `limit`",
        examples=["t0Xn4aQBmb9K8H3cgOYz8CqGX4gD"],
    )

    @classmethod
    def of(cls, page: SessionsPage) -> "LiveSessionPage":
        return cls(items=[LiveSession.of(row) for row in page.rows], next=page.next_cursor)
