"""What consents look like in JSON."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from identity_service.consents.models import Application


class ConsentRead(BaseModel):
    """What you have allowed an application."""

    model_config = ConfigDict(from_attributes=True, json_schema_serialization_defaults_required=True)

    client_id: str = Field(examples=["notes-app"])
    name: str = Field(description="The name of the application", examples=["Notes"])
    scopes: list[str] = Field(examples=[["openid", "posts:write"]])
    created_at: datetime = Field(description="When you first allowed the application something")
    updated_at: datetime = Field(description="When you last allowed the application something")
    last_used_at: datetime | None = Field(description="When it last got a token; null if that was long ago or never")

    @classmethod
    def of(cls, application: Application) -> Self:
        return cls.model_validate(application)
