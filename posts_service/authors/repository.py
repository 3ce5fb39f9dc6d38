"""The SQL of author cards."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    DateTime,
    String,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    delete,
    false,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.authors.models import Author
from posts_service.tables import RECEIVER
from watchword.auth import InvalidToken, NotPermitted, Principal
from watchword.database import locks
from watchword.database.statements import Statement
from watchword.database.writes import WriteTransaction

_ID: Final = bindparam("author_id", type_=Uuid())
_NAMED_AT: Final = bindparam("named_at", type_=DateTime(timezone=True))
_SUBJECT: Final = cast(_ID, String())
_IS_NOT_PURGED: Final = ~RECEIVER.is_purged(_SUBJECT)

CURRENT_CARD: Final = (
    select(Author.id, Author.username)
    .where(Author.id == _ID, Author.named_at >= _NAMED_AT, _IS_NOT_PURGED)
    .with_for_update(read=True, key_share=True)
)
"""The card that a token issued at `named_at` would not update, locked against its deletion. No row for an author whose
account is purged, or who has no such card."""

_CURRENT_CARD: Final = Statement(CURRENT_CARD)

_VALUES: Final = select(_ID, bindparam("username", type_=String()), _NAMED_AT).where(
    _IS_NOT_PURGED, ~func.coalesce(RECEIVER.is_disabled(_SUBJECT), false())
)
_INSERT: Final = insert(Author).from_select(["id", "username", "named_at"], _VALUES)
_UPSERT: Final = Statement(
    _INSERT.on_conflict_do_update(
        index_elements=[Author.id],
        set_={"username": _INSERT.excluded.username, "named_at": _INSERT.excluded.named_at},
        where=Author.named_at < _INSERT.excluded.named_at,
    )
)


_IS_CLOSED: Final = Statement(
    select(
        or_(
            ~_IS_NOT_PURGED,
            func.coalesce(RECEIVER.is_disabled(_SUBJECT, Author.account_version.expression), Author.is_disabled),
        ).label("is_closed")
    ).where(Author.id == _ID)
)


async def upsert(db: WriteTransaction, author_id: UUID, username: str, named_at: datetime) -> None:
    """Insert the card, or update it if this token is newer, but not for an author whose account is purged or disabled.

    Until the transaction ends, no event about the account has its effect: a purge deletes what is written now, and an
    event that disables the account finds the card.
    """
    await locks.lock_shared(db, _lock_name(author_id))
    await db.execute(_UPSERT, author_id=author_id, username=username, named_at=named_at)


async def ensure_card(db: WriteTransaction, person: Principal) -> None:
    """Insert or update the card of a caller, and keep it until the transaction ends. Raises NotPermitted for a caller
    who is no person, and InvalidToken if their account is purged, or is disabled and they have no such card."""
    person_id = person.person_id()
    if person.username is None:
        raise NotPermitted("the token names no person")
    await upsert(db, person_id, person.username, person.issued_at)
    if await db.fetch_row(_CURRENT_CARD, author_id=person_id, named_at=person.issued_at) is None:
        raise InvalidToken("the account of the caller is purged or disabled")


async def rename(db: AsyncSession, author_id: UUID, username: str, named_at: datetime) -> None:
    """Update the name on the card, unless it is newer. An author who has written nothing has no card."""
    is_older = Author.id == author_id, Author.named_at <= named_at
    await db.execute(update(Author).where(*is_older).values(username=username, named_at=named_at))


async def set_disabled(
    db: AsyncSession, author_id: UUID, is_disabled: bool, *, version: int | None, at: datetime
) -> None:
    """Write onto the card whether the account is disabled since this version, or without versions since this time,
    unless the card says what came later. An author who has written nothing has no card."""
    # A card that is being inserted is there after that, and what is being published is public before the event is over.
    await locks.lock(db, _lock_name(author_id))
    is_later = or_(Author.account_at.is_(None), Author.account_at <= at)
    if version is not None:
        is_later = case((Author.account_version.is_(None), is_later), else_=Author.account_version <= version)
        # A card that was made after a later event does not say so.
        is_latest = RECEIVER.is_disabled(str(author_id), literal(version + 1)).is_(None)
        is_later = and_(is_later, is_latest)
    values = {"is_disabled": is_disabled, "account_version": version, "account_at": at}
    await db.execute(update(Author).where(Author.id == author_id, is_later).values(values))


async def close(db: AsyncSession, author_id: UUID) -> None:
    """Write onto the card that the account is disabled, for as long as the card is there: what remains of a purged
    account is not published, however long its erasure takes."""
    await db.execute(update(Author).where(Author.id == author_id, ~Author.is_disabled).values(is_disabled=True))


async def is_closed(db: WriteTransaction, author_id: UUID) -> bool:
    """Whether the author's account is disabled or purged. An event that says otherwise from now on has its effect, and
    is acknowledged, only after the transaction has ended. Call it before locking a post: the lock of an author comes
    before those of posts."""
    await locks.lock_shared(db, _lock_name(author_id))
    row = await db.fetch_row(_IS_CLOSED, author_id=author_id)
    return row is None or bool(row["is_closed"])


async def lock_exclusively(db: AsyncSession, author_id: UUID) -> None:
    """Wait until nothing of this author is being written, and keep it so until the transaction ends."""
    await locks.lock(db, _lock_name(author_id))
    # A post of an author whose card needs no update is written without that lock, under one on the card.
    await db.execute(select(Author.id).where(Author.id == author_id).with_for_update())


async def delete_card(db: AsyncSession, author_id: UUID) -> None:
    await db.execute(delete(Author).where(Author.id == author_id))


def _lock_name(author_id: UUID) -> str:
    return f"author {author_id}"
