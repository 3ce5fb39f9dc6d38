"""What versions of a post look like in JSON."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field

from posts_service.history.statements import Version
from posts_service.posts.models import State
from watchword.http.paging import in_digits

# As many digits as `in_digits` takes.
MAX_VERSION: Final = 999_999_999
VersionNumber = Annotated[int, Field(ge=1, le=MAX_VERSION, examples=[1]), BeforeValidator(in_digits)]


class Editor(BaseModel):
    """Who wrote a version; without a name if this service knows none."""

    id: UUID
    username: str | None = Field(examples=["ada"])


class VersionSummary(BaseModel):
    """A version of a post, without its text."""

    version: int = Field(ge=1, examples=[1])
    title: str = Field(examples=["On engines"])
    summary: str | None = Field(description="Null if the author had given none", examples=["What engines can do."])
    tags: list[str] = Field(examples=[["engines"]])
    state: Annotated[State, Field(examples=["published"])]
    editor: Editor | None = Field(description="Null if their account is deleted")
    written_at: datetime

    @classmethod
    def of(cls, version: Version) -> "VersionSummary":
        return cls(**_members(version))


class VersionRead(VersionSummary):
    body: str = Field(description="Markdown", examples=["The Analytical Engine has no pretensions."])

    @classmethod
    def of(cls, version: Version) -> "VersionRead":
        return cls(**_members(version), body=version.body)


def _members(version: Version) -> dict[str, object]:
    editor = None if version.editor_id is None else Editor(id=version.editor_id, username=version.editor_name)
    names = "version", "title", "summary", "tags", "state", "written_at"
    return {**{name: getattr(version, name) for name in names}, "editor": editor}


class VersionPage(BaseModel):
    items: list[VersionSummary]
    next: str | None = Field(description="The cursor of the next page; null on the last", examples=["qL0wXyYAAAAC"])
