"""What jobs look like in JSON: without their payloads, in which there are letters and tokens."""

from datetime import datetime
from uuid import UUID

from asyncpg import Record
from pydantic import BaseModel, Field

from watchword.jobs.listing import JobPage, JobState


class JobRead(BaseModel):
    """Work that is done after the change that caused it."""

    id: UUID
    kind: str = Field(examples=["letter"])
    state: JobState = Field(examples=["dead"])
    at: datetime = Field(
        description="When it may run; when others may try it, if it runs; when it was given up, if it is dead"
    )
    created_at: datetime
    attempts: int = Field(examples=[15])
    losses: int = Field(description="Attempts whose process died or stood still", examples=[0])
    last_error: str | None = Field(examples=["ConnectionRefusedError: [Errno 111] Connection refused"])

    @classmethod
    def of(cls, row: Record) -> "JobRead":
        return cls(**{name: row[name] for name in cls.model_fields})


class JobPageRead(BaseModel):
    items: list[JobRead]
    next: str | None = Field(
        description="The cursor of the next page; null on the last", examples=["tO7mUisBmaPB5fB9a4ouPxxbfZ4Q"]
    )

    @classmethod
    def of(cls, page: JobPage) -> "JobPageRead":
        return cls(items=[JobRead.of(row) for row in page.rows], next=page.next_cursor)
