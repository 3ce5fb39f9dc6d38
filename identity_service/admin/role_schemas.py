"""What roles look like in JSON."""

from pydantic import BaseModel, Field

from identity_service.admin.tags import entity_tag
from identity_service.roles.fields import Description as Description
from identity_service.roles.fields import PermissionNames as PermissionNames
from identity_service.roles.fields import RoleName as RoleName
from identity_service.roles.values import RoleContent, RoleView
from watchword.http.fields import Body
from watchword.http.paging import Page


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
