"""What comments look like in JSON."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, Field

from posts_service.posts.schemas import AuthorCard
from watchword.http.fields import NUL, Body, Text, Visible, visible_pattern

_BODY: Final = "It *does* weave algebraic patterns."
_ID: Final = "0199a3c1-e5f0-7d6b-8a2e-3f1c5b7d9e10"

CommentText = Annotated[
    Text,
    Field(
        min_length=1,
        max_length=5_000,
        description="Markdown, with a visible character",
        examples=[_BODY],
        json_schema_extra={"pattern": visible_pattern(NUL)},
    ),
    Visible,
]


class CommentDraft(Body):
    """A new comment. Its author is the caller, so no member names one."""

    body: CommentText
    parent_id: UUID | None = Field(
        None, description="The comment that this one answers; not one that is an answer itself", examples=[None]
    )


class CommentChanges(Body):
    """What the comment is to say."""

    body: CommentText


class CommentRead(BaseModel):
    """A comment, or the placeholder of one that was removed while it had answers."""

    id: UUID
    post_id: UUID
    parent_id: UUID | None = Field(
        description="The comment that this one answers; null for a new thread", examples=[_ID]
    )
    author: AuthorCard | None = Field(description="Null if it is removed")
    body: str | None = Field(description="Markdown; null if it is removed", examples=[_BODY])
    html: str | None = Field(
        description="The body as HTML that is safe to show; null if it is removed",
        examples=["<p>It <em>does</em> weave algebraic patterns.</p>"],
    )
    is_removed: bool = Field(examples=[False])
    version: int = Field(ge=1, description='Counts the changes; in quotes it is the `ETag`: `"1"`', examples=[1])
    created_at: datetime
    updated_at: datetime


class CommentPage(BaseModel):
    items: list[CommentRead] = Field(description="At most `limit`, and fewer if the page would be long")
    next: str | None = Field(
        description="The cursor of the next page; null on the last",
        examples=["ZHOWMQABmaPB5fB9a4ouPxxbfZ4QAAGZo8Hl8H1rii4_HFt9nhA="],
    )
