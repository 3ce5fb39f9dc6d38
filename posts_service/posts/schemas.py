"""What posts look like in JSON."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from posts_service.posts.models import SUMMARY_CHARACTERS, State
from watchword.http.fields import Body, Text

# In this order: the length counts without the blanks around the title.
Title = Annotated[Text, AfterValidator(str.strip), Field(min_length=1, max_length=200)]
PostText = Annotated[Text, Field(max_length=100_000)]

# The default of a member that may be left out but not be null.
_LEFT_OUT: Final[Any] = None


class PostDraft(Body):
    """A new post. Its author is the caller, so no member names one."""

    title: Title
    body: PostText
    state: State = State.PUBLISHED


class PostChanges(Body):
    """Changes to a post. Members left out stay as they are; none may be null."""

    title: Title = _LEFT_OUT
    body: PostText = _LEFT_OUT
    state: State = _LEFT_OUT


class AuthorCard(BaseModel):
    id: UUID
    username: str


class _Post(BaseModel):
    """What a post looks like, but for its text."""

    id: UUID
    title: str
    state: State
    author: AuthorCard
    version: int
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None


class PostRead(_Post):
    body: str


class PostSummary(_Post):
    summary: str = Field(max_length=SUMMARY_CHARACTERS, description="The beginning of the body")


class PostPage(BaseModel):
    items: list[PostSummary] = Field(description="At most `limit`, and fewer if the page would be long")
    next: str | None = Field(description="The cursor of the next page; null on the last")
