"""The SQL of idempotency keys."""

from datetime import datetime
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

import sqlalchemy as sql
from sqlalchemy import DateTime, Integer, LargeBinary, String, Table, Uuid, bindparam, null, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.idempotency.models import LIFETIME, IdempotencyKey
from posts_service.idempotency.values import Answer, KeyedRequest
from watchword.database.portions import delete_portion
from watchword.database.statements import Statement
from watchword.database.writes import WriteTransaction

_ANSWER: Final[dict[str, Any]] = {
    "status": Integer(),
    "answer": LargeBinary(),
    "location": String(),
    "etag": String(),
}
_KEYS: Final = cast(Table, IdempotencyKey.__table__)
_PERSON: Final = bindparam("person", type_=Uuid())
_KEY: Final = bindparam("of_key", type_=String())
_IS_ROW: Final = IdempotencyKey.person_id == _PERSON, IdempotencyKey.key == _KEY

_INSERT: Final = insert(_KEYS).values(
    person_id=_PERSON,
    key=_KEY,
    digest=bindparam("of_digest", type_=LargeBinary()),
    created_at=bindparam("now", type_=DateTime(timezone=True)),
)
# Of several transactions with one key, each but the first waits here until that one has ended. A row that is not
# changed is locked all the same, so that none deletes it before it is read.
_CLAIM: Final = Statement(
    _INSERT.on_conflict_do_update(
        index_elements=[IdempotencyKey.person_id, IdempotencyKey.key],
        set_={
            "digest": _INSERT.excluded.digest,
            "created_at": _INSERT.excluded.created_at,
            **dict.fromkeys(_ANSWER, null()),
        },
        where=_KEYS.c.created_at <= bindparam("expired_at", type_=DateTime(timezone=True)),
    ).returning(_KEYS.c.key)
)
_READ: Final = Statement(select(_KEYS.c.digest, *(_KEYS.c[name] for name in _ANSWER)).where(*_IS_ROW))
_STORE: Final = Statement(
    sql.update(_KEYS)
    .where(*_IS_ROW)
    .values({name: bindparam(f"new_{name}", type_=kind) for name, kind in _ANSWER.items()})
)


class Stored(NamedTuple):
    """The answer to a key, and the digest of the request that it was made for."""

    digest: bytes
    answer: Answer


async def claim(db: WriteTransaction, person_id: UUID, keyed_request: KeyedRequest, now: datetime) -> Stored | None:
    """Take the key for a change in this transaction. If it was used already, what is stored for it.

    While another transaction has taken it, this one waits for its end.
    """
    values = {"of_digest": keyed_request.digest, "now": now, "expired_at": now - LIFETIME}
    if await db.fetch_row(_CLAIM, person=person_id, of_key=keyed_request.key, **values) is not None:
        return None
    row = await db.fetch_row(_READ, person=person_id, of_key=keyed_request.key)
    assert row is not None  # noqa: S101 - the row is locked
    return Stored(row["digest"], Answer(*(row[name] for name in _ANSWER)))


async def store(db: WriteTransaction, person_id: UUID, key: str, answer: Answer) -> None:
    """Store the answer to a key that this transaction has taken."""
    values = {f"new_{name}": value for name, value in zip(_ANSWER, answer, strict=True)}
    await db.execute(_STORE, person=person_id, of_key=key, **values)


async def delete_expired(db: AsyncSession, now: datetime) -> int:
    """Delete a portion of the keys that count as never used. Returns how many."""
    is_expired = IdempotencyKey.created_at <= now - LIFETIME
    return await delete_portion(db, IdempotencyKey, is_expired, order_by=[IdempotencyKey.created_at])


async def delete_all_of(db: AsyncSession, person_id: UUID) -> None:
    """Delete every key of a person."""
    await db.execute(sql.delete(IdempotencyKey).where(IdempotencyKey.person_id == person_id))
