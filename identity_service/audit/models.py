"""An entry of the audit log."""

from typing import Any, Final

from sqlalchemy import Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.tables import Base, Instant, NewId


class AuditEntry(Base):
    """Who did what to whom.

    `actor` is a user's id, a client's id or `command line`; `action` reads like `session.ended`; `subject` is the id
    of what was acted on. An act over HTTP has the id of its request and the network address of its caller, which is
    erased with the account of the person who acted; a command and a job have neither.
    """

    __tablename__ = "audit_entries"

    id: Mapped[NewId]
    at: Mapped[Instant] = mapped_column(server_default=func.now())
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    address: Mapped[str | None]
    request_id: Mapped[str | None]


# Each is a walk in the order of time, since ids are in that order.
Index("audit_entries_of_actor_idx", AuditEntry.actor, AuditEntry.id)
Index("audit_entries_of_subject_idx", AuditEntry.subject, AuditEntry.id)
Index("audit_entries_of_action_idx", AuditEntry.action, AuditEntry.id)
Index("audit_entries_of_request_idx", AuditEntry.request_id, AuditEntry.id)

PERSON: Final = "(detail ->> 'user')"
"""Whose session or sign-on an entry is about: its subject is the session's id."""

OF_OTHERS: Final = "detail ->> 'user' <> actor"

# What others did to sessions of a person, for the erasure.
Index("audit_entries_of_person_idx", text(PERSON), AuditEntry.id, postgresql_where=text(OF_OTHERS))
