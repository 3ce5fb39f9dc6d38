"""What the posts of both peers look like in JSON: as those of posts_service do."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class AuthorCard(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    username: str


class PostSummary(BaseModel):
    """A post without its text. The peers do not look whether the reader likes it, nor render Markdown."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    slug: str | None
    title: str
    summary: str | None
    tags: list[str]
    state: str
    unpublished_reason: str | None
    author: AuthorCard
    likes: int
    liked: bool = False
    comments: int
    version: int
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None


class PostRead(PostSummary):
    body: str
    html: str | None


class Page(BaseModel):
    items: list[PostSummary]


class PostDraft(BaseModel):
    title: str = Field(min_length=1, max_length=200)
    body: str = Field(max_length=100_000)
    state: Literal["draft", "published"] = "published"
