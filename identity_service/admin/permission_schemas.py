"""What permissions look like in JSON."""

from pydantic import BaseModel, Field

from identity_service.services.permissions import DeclaredPermission


class PermissionRead(BaseModel):
    """A permission that a service reads in its tokens."""

    permission: str = Field(examples=["post:edit_any"])
    description: str = Field(examples=["Change the posts of others"])
    audience: str = Field(description="The service that reads it", examples=["http://localhost:8002"])

    @classmethod
    def of(cls, declared: DeclaredPermission) -> "PermissionRead":
        permission, description, audience = declared
        return cls(permission=permission, description=description, audience=audience)
