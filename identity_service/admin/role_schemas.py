"""What roles look like in JSON."""

from pydantic import BaseModel, Field

from identity_service.admin.tags import entity_tag
from identity_service.roles.fields import Description as Description
from identity_service.roles.fields import PermissionNames as PermissionNames
from identity_service.roles.fields import RequiresSecondFactor as RequiresSecondFactor
from identity_service.roles.fields import RoleName as RoleName
from identity_service.roles.values import RoleContent, RoleView
from watchword.http.fields import LEFT_OUT, Body
from watchword.http.paging import Page


class RoleReplacement(Body):
    """Everything of a role but its name. Without `requires_second_factor`, a role requires one or not as before, so
    that a script that does not know the member does not switch it off."""

    description: Description
    permissions: PermissionNames
    requires_second_factor: RequiresSecondFactor = LEFT_OUT

    def as_content(self) -> RoleContent:
        return RoleContent(self.description, self.permissions, self.requires_second_factor)


class RoleDraft(RoleReplacement):
    """A role to be made."""

    name: RoleName


class RoleRead(BaseModel):
    """A role, and what the people who have it may do."""

    name: str = Field(examples=["editor"])
    description: str = Field(examples=["May change the posts of others"])
    permissions: list[str] = Field(examples=[["post:edit_any"]])
    requires_second_factor: RequiresSecondFactor

    @classmethod
    def of(cls, role: RoleView) -> "RoleRead":
        return cls(name=role.name, **role.as_members())


class RolePage(BaseModel):
    items: list[RoleRead]
    next: str | None = Field(description="The cursor of the next page; null on the last", examples=["tO7mUmVkaXRvcg=="])

    @classmethod
    def of(cls, page: Page[RoleView]) -> "RolePage":
        return cls(items=[RoleRead.of(role) for role in page.items], next=page.next_cursor)


def role_tag(role: RoleView) -> str:
    return entity_tag(RoleRead.of(role))
