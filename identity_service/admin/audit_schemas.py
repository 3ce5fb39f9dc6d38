"""What entries of the audit log look like in JSON."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from asyncpg import Record
from pydantic import BaseModel, Field

from identity_service.audit.filters import time_of


class AuditEntryRead(BaseModel):
    """Who did what to whom."""

    id: UUID
    at: datetime
    actor: str = Field(
        description="A person's id, a client's id, or `command line`", examples=["0199a3c1-e5f0-7d6b-8a2e-3f1c5b7d9e10"]
    )
    action: str = Field(examples=["user.disabled"])
    subject: str = Field(description="The id of what was acted on", examples=["0199a3c1-e5f0-7d6b-8a2e-3f1c5b7d9e11"])
    detail: dict[str, Any] = Field(examples=[{"before": {"active": True}, "after": {"active": False}}])
    address: str | None = Field(
        description="The network address of the caller; null for commands and jobs, and once it is erased",
        examples=["198.51.100.7"],
    )
    request_id: str | None = Field(
        description="The id of the request, which the log of the service has too; null for commands and jobs",
        examples=["1f2e3d4c5b6a7988"],
    )

    @classmethod
    def of(cls, row: Record) -> "AuditEntryRead":
        members = {name: row[name] for name in ("id", "actor", "action", "subject", "address", "request_id")}
        return cls(at=time_of(row["id"]), detail=orjson.loads(row["detail"]), **members)


class AuditPage(BaseModel):
    items: list[AuditEntryRead]
    next: str | None = Field(
        description="The cursor of the next page; null on the last", examples=["tO7mUisBmaPB5fB9a4ouPxxbfZ4Q"]
    )
