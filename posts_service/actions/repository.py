"""The SQL that adds to the record of moderators' acts."""

from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, insert

from posts_service.actions.models import Action, ModerationAction
from posts_service.actions.policy import Acts
from watchword.auth import Principal
from watchword.database.statements import Statement
from watchword.database.writes import WriteTransaction

_COLUMNS: Final = "action", "actor_id", "reason", "owner_id", "post_id", "comment_id"
_INSERT: Final = Statement(
    insert(ModerationAction).values(
        {name: bindparam(name, type_=ModerationAction.__table__.c[name].type) for name in _COLUMNS}
    )
)


class Thing(NamedTuple):
    """What is acted on, and whose it is: a post, or a comment on it."""

    owner_id: UUID | None
    post_id: UUID
    comment_id: UUID | None = None


async def insert_act(db: WriteTransaction, moderator: Principal, action: Action, thing: Thing, reason: str) -> None:
    """Record an act in the transaction of the act itself. Raises NotPermitted for a service that acts by itself."""
    who = {"actor_id": moderator.person_id(), "reason": reason}
    await db.execute(_INSERT, action=action.value, **who, **thing._asdict())


async def insert_acts(db: WriteTransaction, moderator: Principal, thing: Thing, acts: Acts) -> None:
    """Record several acts in the transaction of these acts. Raises NotPermitted for a service that acts by itself."""
    for action in acts.actions:
        await insert_act(db, moderator, action, thing, acts.reason)
