"""What posts look like in JSON."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from posts_service.posts.models import State
from shared.fields import Body, Text

Title = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
PostText = Annotated[Text, Field(max_length=100_000)]


class PostDraft(Body):
    """Its author is the caller; nobody is named here."""

    title: Title
    body: PostText
    state: State = State.PUBLISHED


class PostChanges(Body):
    """Members left out stay as they are; none may be null."""

    title: Title | None = None
    body: PostText | None = None
    state: State | None = None

    @model_validator(mode="before")
    @classmethod
    def _absent_is_not_null(cls, value: Any) -> Any:
        if isinstance(value, dict) and None in value.values():
            raise PydanticCustomError("null", "null is no value here; leave out what is to stay")
        return value


class AuthorCard(BaseModel):
    id: UUID
    username: str


class PostRead(BaseModel):
    id: UUID
    title: str
    body: str
    state: State
    author: AuthorCard
    version: int
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None


class PostPage(BaseModel):
    items: list[PostRead]
    next: str | None = Field(description="The cursor of the next page; null on the last")
