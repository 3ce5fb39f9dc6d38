"""What posts look like in JSON."""

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from posts_service.posts.models import SUMMARY_CHARACTERS, State
from posts_service.tags.tag import MAX_TAGS, InvalidTag, normalized
from watchword.http.fields import LEFT_OUT, NO_LABEL_CHARACTERS, Body, Label, Stripped, Text, Visible, visible_pattern

_BODY: Final = "The Analytical Engine has no pretensions to originate anything."
_LABEL_PATTERN: Final = visible_pattern(NO_LABEL_CHARACTERS)

MAX_BODY_BYTES: Final = 65_536
# Other characters may become fewer.
MAX_TAG_INPUT: Final = 128
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")


def _short_in_bytes(value: str) -> str:
    if len(value) * 4 > MAX_BODY_BYTES and len(value.encode()) > MAX_BODY_BYTES:
        raise PydanticCustomError(
            "too_long", "Text should have at most {most} bytes of UTF-8", {"most": MAX_BODY_BYTES}
        )
    return value


def _normalized_tag(value: str) -> str:
    try:
        return normalized(value)
    except InvalidTag as error:
        raise PydanticCustomError("invalid_tag", "{reason}", {"reason": str(error)}) from None


def _normalized_tags(values: list[str]) -> list[str]:
    return list(dict.fromkeys(map(_normalized_tag, values)))


def _in_words(value: Any) -> Any:
    """A number would be taken for seconds since 1970."""
    if value is not None and not isinstance(value, str | datetime):
        raise PydanticCustomError("datetime_type", "Input should be an instant of RFC 3339")
    if isinstance(value, str) and not _INSTANT.match(value):
        raise PydanticCustomError("datetime_parsing", "Input should be an instant of RFC 3339")
    return value


TagFilter = Annotated[
    Text | None,
    Field(max_length=MAX_TAG_INPUT, description="Only posts with this tag, however it is written"),
    AfterValidator(lambda value: None if value is None else _normalized_tag(value)),
]
Title = Annotated[
    Label,
    Field(
        min_length=1,
        max_length=200,
        description="Has a visible character; white space at both ends is removed",
        examples=["On engines"],
        json_schema_extra={"pattern": _LABEL_PATTERN},
    ),
    Stripped,
    Visible,
]
PostText = Annotated[
    Text,
    Field(max_length=MAX_BODY_BYTES, description="Markdown; at most 65,536 bytes of UTF-8", examples=[_BODY]),
    AfterValidator(_short_in_bytes),
]
Summary = Annotated[
    Label,
    Field(
        min_length=1,
        max_length=SUMMARY_CHARACTERS,
        description="What lists show of the post, with a visible character; null for the beginning of the body",
        examples=[_BODY],
        json_schema_extra={"pattern": _LABEL_PATTERN},
    ),
    Stripped,
    Visible,
]
Tags = Annotated[
    list[Annotated[Label, Field(max_length=MAX_TAG_INPUT)]],
    Field(
        max_length=MAX_TAGS,
        description="Letters, digits and `-+#.`, in small letters and with hyphens for spaces; at most 32 characters"
        " each. A tag that is given twice counts once",
        examples=[["engines"]],
    ),
    AfterValidator(_normalized_tags),
]
PublicationTime = Annotated[
    AwareDatetime,
    Field(
        description="When a post that has never been public is to be: at most 365 days ahead; until then it is a draft,"
        " and stays one if the account of its author is disabled by then"
    ),
    BeforeValidator(_in_words),
]
PostState = Annotated[
    State,
    Field(
        description="`draft`: only its author can read it; `unpublished`: a moderator has hidden it",
        examples=["published"],
    ),
]
WritableState = Annotated[
    Literal[State.DRAFT, State.PUBLISHED],
    Field(description="Only its author can read a draft", examples=["published"]),
]


class PostDraft(Body):
    """A new post. Its author is the caller, so no member names one."""

    # Without it, documentation pages would send the present instant as `published_at`.
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "On engines", "body": _BODY, "tags": ["engines"]}]}
    )

    title: Title
    body: PostText
    summary: Summary | None = None
    tags: Tags = Field(default_factory=list)
    state: WritableState = State.PUBLISHED
    published_at: PublicationTime | None = None


class PostChanges(Body):
    """Changes to a post. Members left out stay as they are. With `summary: null`, the beginning of the body is the
    summary, and `published_at: null` cancels a scheduled publication; no other member may be null."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "On looms", "tags": ["looms"]}]})

    title: Title = LEFT_OUT
    body: PostText = LEFT_OUT
    summary: Summary | None = None
    tags: Tags = LEFT_OUT
    state: WritableState = LEFT_OUT
    published_at: PublicationTime | None = None


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
    published_at: datetime | None = Field(
        description="When it was first published, or is going to be; null if it never was and is not scheduled"
    )
    liked: bool | SkipJsonSchema[None] = Field(
        None, description="Whether you like it; only for people who are signed in", examples=[True]
    )


class PostRead(PostSummary):
    body: str = Field(description="Markdown", examples=[_BODY])
    html: str = Field(description="The body as HTML that is safe to show", examples=[f"<p>{_BODY}</p>"])


class ListedPost(PostSummary):
    """A post in a list. `headline` is only in answers to a search."""

    headline: str | SkipJsonSchema[None] = Field(
        None,
        description="Where the words are, as HTML that has `<mark>` and no other markup",
        examples=["The Analytical <mark>Engine</mark>"],
    )


class PostPage(BaseModel):
    items: list[ListedPost] = Field(description="At most `limit`, and fewer if the page would be long")
    next: str | None = Field(
        description="The cursor of the next page; null on the last", examples=["AAZAKZbcF7UBmaPB5fBNawAAAAAAAAAA"]
    )
