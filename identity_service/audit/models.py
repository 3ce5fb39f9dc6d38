"""An entry of the audit log."""

from typing import Any

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.tables import Base, Instant, NewId


class AuditEntry(Base):
    """Who did what to whom.

    `actor` is a user's id, a client's id or `command line`; `action` reads like `session.ended`; `subject` is the id
    of what was acted on.
    """

    __tablename__ = "audit_entries"

    id: Mapped[NewId]
    at: Mapped[Instant] = mapped_column(server_default=func.now())
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
