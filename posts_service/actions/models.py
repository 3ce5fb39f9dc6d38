"""The table of moderators' acts."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from posts_service.tables import Base, Instant


class Action(StrEnum):
    EDIT = "edit"
    DELETE = "delete"
    UNPUBLISH = "unpublish"
    PUBLISH = "publish"
    """To publish again what was unpublished."""
    RESTORE = "restore"
    """To give a post what a former version had."""
    DELETE_COMMENT = "delete_comment"


class ModerationAction(Base):
    """An act of a moderator on what is somebody else's. The service can add rows, and neither change nor delete one.

    The ids are no foreign keys: the record stays when what it names is deleted.
    """

    __tablename__ = "moderation_actions"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    action: Mapped[str]
    actor_id: Mapped[UUID]
    owner_id: Mapped[UUID | None]
    post_id: Mapped[UUID | None]
    comment_id: Mapped[UUID | None]
    reason: Mapped[str]
    happened_at: Mapped[Instant] = mapped_column(server_default=func.now())


Index("moderation_actions_by_post_idx", ModerationAction.post_id, ModerationAction.id)
Index("moderation_actions_by_actor_idx", ModerationAction.actor_id, ModerationAction.id)
