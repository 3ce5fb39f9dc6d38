"""What posts look like in JSON."""

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from posts_service.posts.models import SUMMARY_CHARACTERS, State
from watchword.http.fields import Body, Text

_BODY: Final = "The Analytical Engine has no pretensions to originate anything."

# A character that `str.strip` does not remove, as an ECMA-262 expression, which OpenAPI requires.
_NOT_BLANK: Final = r"[^\s\x00\x1c-\x1f\x85]"


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _in_digits(value: Any) -> Any:
    """Python reads more texts as a number than JSON does: `1_0`, `+5`, `1.0`."""
    if isinstance(value, str) and not re.fullmatch("[0-9]{1,9}", value):
        raise PydanticCustomError("int_parsing", "Input should be a whole number, in digits alone")
    return value


PageLength = Annotated[int, Field(ge=1, le=100), BeforeValidator(_in_digits)]
Title = Annotated[
    Text,
    Field(
        min_length=1,
        max_length=200,
        description="White space at both ends is removed",
        examples=["On engines"],
        json_schema_extra={"pattern": rf"^[^\x00]*{_NOT_BLANK}[^\x00]*$"},
    ),
    # The length is that of the title without white space around it.
    BeforeValidator(_stripped),
]
PostText = Annotated[Text, Field(max_length=100_000, examples=[_BODY])]
PostState = Annotated[
    State,
    Field(
        description="Only its author can read a draft; a moderator has made one `unpublished`", examples=["published"]
    ),
]
WritableState = Annotated[
    Literal[State.DRAFT, State.PUBLISHED],
    Field(description="Only its author can read a draft", examples=["published"]),
]

# The default of a member that may be left out but not be null.
_LEFT_OUT: Final[Any] = None


class PostDraft(Body):
    """A new post. Its author is the caller, so no member names one."""

    title: Title
    body: PostText
    state: WritableState = State.PUBLISHED


class PostChanges(Body):
    """Changes to a post. Members left out stay as they are; none may be null."""

    title: Title = _LEFT_OUT
    body: PostText = _LEFT_OUT
    state: WritableState = _LEFT_OUT


class AuthorCard(BaseModel):
    id: UUID
    username: str = Field(examples=["ada"])


class PostSummary(BaseModel):
    """The members of a post, without its text."""

    id: UUID
    slug: str = Field(description="The name of the post in URLs", examples=["on-engines"])
    title: str = Field(examples=["On engines"])
    summary: str = Field(
        max_length=SUMMARY_CHARACTERS, description="The author's, or the beginning of the body", examples=[_BODY]
    )
    tags: list[str] = Field(examples=[["engines"]])
    state: PostState
    unpublished_reason: str | None = Field(description="Why a moderator has unpublished the post", examples=[None])
    author: AuthorCard
    likes: int = Field(ge=0, examples=[3])
    comments: int = Field(ge=0, examples=[1])
    version: int = Field(ge=1, description="Counts the changes", examples=[1])
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None = Field(description="When it was first published; null if it never was")


class PostRead(PostSummary):
    body: str = Field(description="Markdown", examples=[_BODY])
    html: str = Field(description="The body as HTML that is safe to show", examples=[f"<p>{_BODY}</p>"])


class PostPage(BaseModel):
    items: list[PostSummary] = Field(description="At most `limit`, and fewer if the page would be long")
    next: str | None = Field(
        description="The cursor of the next page; null on the last", examples=["AAZAKZbcF7UBmaPB5fBNawAAAAAAAAAA"]
    )
