"""What the posts of both peers look like in JSON: as those of posts_service do."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class AuthorCard(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    username: str


class _Post(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    state: str
    author: AuthorCard
    version: int
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None


class PostRead(_Post):
    body: str


class PostSummary(_Post):
    summary: Annotated[str, BeforeValidator(lambda body: body[:280])] = Field(validation_alias="body")


class Page(BaseModel):
    items: list[PostSummary]


class PostDraft(BaseModel):
    title: str = Field(min_length=1, max_length=200)
    body: str = Field(max_length=100_000)
    state: Literal["draft", "published"] = "published"
