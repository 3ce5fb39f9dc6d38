"""What reports and moderators' acts look like in JSON."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from asyncpg import Record
from pydantic import BaseModel, Field

from posts_service.actions.models import Action
from posts_service.actions.schemas import MAX_REASON, Reason
from posts_service.moderation.models import ReportState
from posts_service.moderation.report_statements import ReportRow
from posts_service.posts.models import State
from posts_service.posts.schemas import AuthorCard
from watchword.http.fields import Body, Text

_TITLE = "On engines"
_CURSOR = "tO7mUisBmaPB5fB9a4ouPxxbfZ4Q"

ReportedState = Annotated[ReportState, Field(examples=["open"])]
Note = Annotated[Text, Field(max_length=MAX_REASON, description="For other moderators", examples=["Unpublished"])]


class Unpublication(Body):
    """Why a post is unpublished. Its author sees it."""

    reason: Reason


class ReportDraft(Body):
    """A report to the moderators."""

    reason: Reason


class ReportReceipt(BaseModel):
    """A report, as the person who made it gets it."""

    id: UUID
    post_id: UUID | None
    comment_id: UUID | None
    reason: str = Field(examples=["It is an advertisement"])
    state: ReportedState
    created_at: datetime

    @classmethod
    def of(cls, row: ReportRow) -> "ReportReceipt":
        return cls.model_validate(row._asdict())


class ReportDecision(Body):
    """The decision about an open report. It is final."""

    state: Annotated[
        Literal[ReportState.RESOLVED, ReportState.DISMISSED],
        Field(description="`resolved`: the report is right; `dismissed`: it is not", examples=["resolved"]),
    ]
    note: Note | None = None


class PersonCard(BaseModel):
    """A person, by the name that this service knows; null if it knows none."""

    id: UUID
    username: str | None = Field(examples=["grace"])


class ReportedPost(BaseModel):
    id: UUID
    slug: str | None = Field(description="Null for a post that you may not see", examples=["on-engines"])
    title: str | None = Field(description="Null for a post that you may not see", examples=[_TITLE])
    state: Annotated[State, Field(examples=["published"])]
    version: int = Field(ge=1, description='In quotes, `"1"`, it is an `If-Match` for acts on the post', examples=[1])
    beginning: str | None = Field(
        description="The beginning of its text, if the report is about the post; null if you may not see it",
        examples=["Buy now"],
    )
    author: AuthorCard


class ReportedComment(BaseModel):
    id: UUID
    beginning: str | None = Field(
        description="The beginning of its text; null if it was removed, or you may not see its post",
        examples=["Buy now"],
    )
    version: int = Field(ge=1, description='In quotes, `"1"`, it is its `ETag`', examples=[1])
    author: AuthorCard | None = Field(description="Null if the comment was removed")


class ReportRead(BaseModel):
    """A report, as moderators get it. A reported comment is beside the post that it is on."""

    id: UUID
    reason: str = Field(examples=["It is an advertisement"])
    state: ReportedState
    created_at: datetime
    reporter: AuthorCard
    post: ReportedPost
    comment: ReportedComment | None
    decided_by: PersonCard | None
    decided_at: datetime | None
    note: str | None = Field(examples=["Unpublished"])

    @classmethod
    def of(cls, row: Record) -> "ReportRead":
        return cls(
            id=row["id"],
            reason=row["reason"],
            state=row["state"],
            created_at=row["created_at"],
            reporter=AuthorCard(id=row["reporter_id"], username=row["reporter_name"]),
            post=_post_of(row),
            comment=_comment_of(row),
            decided_by=_person(row["decided_by"], row["decider_name"]),
            decided_at=row["decided_at"],
            note=row["note"],
        )


def _post_of(row: Record) -> ReportedPost:
    return ReportedPost(
        id=row["post_id"],
        slug=row["slug"],
        title=row["title"],
        state=row["post_state"],
        version=row["post_version"],
        beginning=row["beginning"] if row["comment_id"] is None else None,
        author=AuthorCard(id=row["author_id"], username=row["author_name"]),
    )


def _comment_of(row: Record) -> ReportedComment | None:
    if row["comment_id"] is None:
        return None
    is_removed = row["commenter_id"] is None
    author = None if is_removed else AuthorCard(id=row["commenter_id"], username=row["commenter_name"])
    version, beginning = row["comment_version"], row["beginning"]
    return ReportedComment(id=row["comment_id"], version=version, beginning=beginning, author=author)


def _person(person_id: UUID | None, username: str | None) -> PersonCard | None:
    return None if person_id is None else PersonCard(id=person_id, username=username)


class ReportPage(BaseModel):
    items: list[ReportRead]
    next: str | None = Field(description="The cursor of the next page; null on the last", examples=[_CURSOR])


class ActionRead(BaseModel):
    """What a moderator did to what is somebody else's."""

    id: UUID
    action: Annotated[Action, Field(examples=["unpublish"])]
    actor: PersonCard
    owner: PersonCard | None = Field(description="Whose it was")
    post_id: UUID | None
    comment_id: UUID | None
    reason: str = Field(examples=["It is an advertisement"])
    happened_at: datetime

    @classmethod
    def of(cls, row: Record) -> "ActionRead":
        return cls(
            id=row["id"],
            action=row["action"],
            actor=PersonCard(id=row["actor_id"], username=row["actor_name"]),
            owner=_person(row["owner_id"], row["owner_name"]),
            post_id=row["post_id"],
            comment_id=row["comment_id"],
            reason=row["reason"],
            happened_at=row["happened_at"],
        )


class ActionPage(BaseModel):
    items: list[ActionRead]
    next: str | None = Field(description="The cursor of the next page; null on the last", examples=[_CURSOR])
