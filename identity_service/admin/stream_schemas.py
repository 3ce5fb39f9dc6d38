"""What administrators see of streams, in JSON."""

from datetime import datetime
from uuid import UUID

from asyncpg import Record
from pydantic import BaseModel, Field

from identity_service.admin.tags import entity_tag
from identity_service.events.lag import MAX_COUNTED
from identity_service.events.models import Delivery, Stream, StreamStatus
from identity_service.events.schemas import Reason
from watchword.http.fields import LEFT_OUT, Body


class _Settings(BaseModel):
    """What people change of a stream: its entity tag is of this."""

    id: UUID
    client_id: str = Field(examples=["posts"])
    delivery_method: Delivery
    description: str | None = Field(examples=["Sign-outs for the notes"])
    status: StreamStatus = Field(examples=["enabled"])
    status_reason: str | None = Field(examples=["Maintenance until six"])


class StreamState(_Settings):
    """A stream of a receiver, and how far behind the receiver is."""

    created_at: datetime
    events_waiting: int = Field(description=f"How many events wait; {MAX_COUNTED} if there are more", examples=[0])
    oldest_seconds: float | None = Field(
        description="For how long the oldest of them has waited; null if none waits", examples=[0.2]
    )
    polled_at: datetime | None = Field(description="The last poll, give or take ten seconds")
    pushed_at: datetime | None = Field(description="The last try to push")
    failed_pushes: int = Field(description="How many tries have failed since the last success", examples=[0])
    verified_at: datetime | None = Field(description="The last verification that the receiver has asked for")
    lapses_at: datetime | None = Field(
        description="For the stream of a single process: when it ends if the process does not poll"
    )

    @classmethod
    def of(cls, row: Record) -> "StreamState":
        return cls(**{name: row[name] for name in cls.model_fields})


def stream_tag(stream: Stream | Record) -> str:
    """The entity tag of the settings of a stream."""
    values = {
        name: stream[name] if isinstance(stream, Record) else getattr(stream, name) for name in _Settings.model_fields
    }
    return entity_tag(_Settings(**values))


class StreamPatch(Body):
    """What to do with the stream."""

    status: StreamStatus = Field(examples=["paused"])
    reason: Reason = Field(LEFT_OUT, description="The receiver can read it; none if it is left out")


class StreamPage(BaseModel):
    items: list[StreamState]
    next: str | None = Field(
        description="The cursor of the next page; null on the last", examples=["tO7mUisBmaPB5fB9a4ouPxxbfZ4Q"]
    )
