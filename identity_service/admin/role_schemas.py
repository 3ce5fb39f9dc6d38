"""What roles look like in JSON."""

from typing import Annotated, Final

from pydantic import BaseModel, Field, StringConstraints

from identity_service.admin.tags import entity_tag
from identity_service.roles.values import RoleContent, RoleView
from watchword.http.fields import NO_LABEL_CHARACTERS, Body, Label, Stripped, Text, Visible, visible_pattern
from watchword.http.paging import Page

MAX_DESCRIPTION: Final = 500
MAX_PERMISSIONS: Final = 200

RoleName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$"),
    Field(description="It is written in tokens, and never changes", examples=["editor"]),
]
Description = Annotated[
    Label,
    Field(
        min_length=1,
        max_length=MAX_DESCRIPTION,
        description="For people who give roles",
        examples=["May change the posts of others"],
        json_schema_extra={"pattern": visible_pattern(NO_LABEL_CHARACTERS)},
    ),
    Stripped,
    Visible,
]
PermissionNames = Annotated[
    list[Annotated[Text, Field(max_length=200, examples=["post:edit_any"])]],
    Field(max_length=MAX_PERMISSIONS, description="Permissions that services declare"),
]


class RoleReplacement(Body):
    """Everything of a role but its name."""

    description: Description
    permissions: PermissionNames

    def as_content(self) -> RoleContent:
        return RoleContent(self.description, self.permissions)


class RoleDraft(RoleReplacement):
    """A role to be made."""

    name: RoleName


class RoleRead(BaseModel):
    """A role, and what the people who have it may do."""

    name: str = Field(examples=["editor"])
    description: str = Field(examples=["May change the posts of others"])
    permissions: list[str] = Field(examples=[["post:edit_any"]])

    @classmethod
    def of(cls, role: RoleView) -> "RoleRead":
        return cls(name=role.name, description=role.description, permissions=list(role.permissions))


class RolePage(BaseModel):
    items: list[RoleRead]
    next: str | None = Field(description="The cursor of the next page; null on the last", examples=["tO7mUmVkaXRvcg=="])

    @classmethod
    def of(cls, page: Page[RoleView]) -> "RolePage":
        return cls(items=[RoleRead.of(role) for role in page.items], next=page.next_cursor)


def role_tag(role: RoleView) -> str:
    return entity_tag(RoleRead.of(role))
