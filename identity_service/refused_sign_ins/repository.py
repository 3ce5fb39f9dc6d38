"""The table of refused sign-ins."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Integer, LargeBinary, String, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.refused_sign_ins.models import RefusedSignIn
from identity_service.users.models import AccountDeletion
from watchword.database.portions import delete_portion
from watchword.database.statements import Statement

_DELETED_WITHIN: Final = timedelta(days=1)

_TYPES: Final[dict[str, Any]] = {
    "account": LargeBinary,
    "address": String,
    "minute": DateTime(timezone=True),
    "user_id": Uuid,
    "reason": String,
    "count": Integer,
}
_ARRAYS: Final = [bindparam(name, type_=ARRAY(kind)) for name, kind in _TYPES.items()]
_ROWS: Final = func.unnest(*_ARRAYS).table_valued(*_TYPES).render_derived()
_INSERT: Final = insert(RefusedSignIn).from_select(list(_TYPES), select(*_ROWS.c))

UPSERT: Final = Statement(
    _INSERT.on_conflict_do_update(
        index_elements=[RefusedSignIn.account, RefusedSignIn.address, RefusedSignIn.minute],
        set_={"count": RefusedSignIn.count + _INSERT.excluded.count, "reason": _INSERT.excluded.reason},
    )
)
"""Add the counts of rows, whose arguments `columns` makes. No two rows may have one account, address and minute."""


def columns(rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    """The arguments of UPSERT for these rows, of at least one."""
    return {name: list(values) for name, values in zip(_TYPES, zip(*rows, strict=True), strict=True)}


async def delete_of(db: AsyncSession, user_id: UUID) -> int:
    """Delete a portion of the rows of this user, and return how many."""
    return await delete_portion(db, RefusedSignIn, RefusedSignIn.user_id == user_id, order_by=[RefusedSignIn.user_id])


async def delete_before(db: AsyncSession, minute: datetime) -> int:
    """Delete a portion of the rows of earlier minutes, and return how many."""
    return await delete_portion(db, RefusedSignIn, RefusedSignIn.minute < minute, order_by=[RefusedSignIn.minute])


async def delete_of_deleted(db: AsyncSession, now: datetime) -> int:
    """Delete a portion of the rows of accounts that were deleted while a sign-in was being refused; return how many."""
    lately = select(AccountDeletion.user_id).where(AccountDeletion.deleted_at > now - _DELETED_WITHIN)
    is_of_deleted = RefusedSignIn.user_id.in_(lately)
    return await delete_portion(db, RefusedSignIn, is_of_deleted, order_by=[RefusedSignIn.user_id])
