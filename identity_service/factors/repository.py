"""The tables of factors. The user must be locked before a row is changed, except when expired rows are deleted."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.factors.codes import ENROLMENT_LIFETIME
from identity_service.factors.models import Passkey, RecoveryCode, SpentChallenge, TotpEnrolment, TotpFactor
from watchword.database.portions import delete_portion

Factor = TotpFactor | Passkey
"""What makes an account one that has a second factor."""


class Kinds(NamedTuple):
    """Which kinds of factors an account has."""

    app: bool
    passkey: bool


async def find_app(db: AsyncSession, user_id: UUID) -> TotpFactor | None:
    """The app of this user, as it is in the table now."""
    return await db.get(TotpFactor, user_id, populate_existing=True)


async def list_passkeys(db: AsyncSession, user_id: UUID) -> Sequence[Passkey]:
    """The passkeys of this user, the oldest first."""
    statement = select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)
    return (await db.scalars(statement)).all()


async def delete_app(db: AsyncSession, user_id: UUID) -> bool:
    """Delete the app of this user. Returns whether there was one."""
    statement = delete(TotpFactor).where(TotpFactor.user_id == user_id).returning(TotpFactor.user_id)
    return await db.scalar(statement, execution_options={"synchronize_session": False}) is not None


async def kinds_of(db: AsyncSession, user_id: UUID) -> Kinds:
    """The kinds of factors that the user has."""
    has_app = exists().where(TotpFactor.user_id == user_id)
    has_passkey = exists().where(Passkey.user_id == user_id)
    return Kinds(*(await db.execute(select(has_app, has_passkey))).one())


async def count_recovery_codes(db: AsyncSession, user_id: UUID) -> int:
    """How many recovery codes of this user can be used."""
    left = RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    return (await db.scalars(select(func.count()).select_from(RecoveryCode).where(*left))).one()


async def version_of_recovery_codes(db: AsyncSession, user_id: UUID) -> str:
    """A text that is another one whenever codes of this user are made."""
    made_at = select(func.max(RecoveryCode.created_at)).where(RecoveryCode.user_id == user_id)
    return str(await db.scalar(made_at))


async def delete_since(db: AsyncSession, user_id: UUID, since: datetime | None) -> Sequence[Factor]:
    """Delete every factor of this user that was added at this time or later, all if it is None, and any enrolment that
    is under way. Returns the factors."""
    await db.execute(delete(TotpEnrolment).where(TotpEnrolment.user_id == user_id))
    factors: list[Factor] = []
    tables: tuple[type[Factor], ...] = (TotpFactor, Passkey)
    for table in tables:
        conditions = (
            [table.user_id == user_id] if since is None else [table.user_id == user_id, table.created_at >= since]
        )
        factors.extend(await db.scalars(delete(table).where(*conditions).returning(table)))
    return factors


async def delete_recovery_codes(db: AsyncSession, user_id: UUID, since: datetime | None = None) -> int:
    """Delete the recovery codes of this user that were made at this time or later, all if it is None, and return how
    many."""
    conditions = [RecoveryCode.user_id == user_id]
    if since is not None:
        conditions.append(RecoveryCode.created_at >= since)
    statement = delete(RecoveryCode).where(*conditions).returning(RecoveryCode.digest)
    return len((await db.scalars(statement, execution_options={"synchronize_session": False})).all())


async def delete_expired_enrolments(db: AsyncSession, now: datetime) -> int:
    """Delete a portion of the enrolments that nobody can confirm any more, and return how many."""
    is_over = TotpEnrolment.created_at <= now - ENROLMENT_LIFETIME
    return await delete_portion(db, TotpEnrolment, is_over, order_by=[TotpEnrolment.created_at])


async def delete_expired_challenges(db: AsyncSession, now: datetime) -> int:
    """Delete a portion of the spent challenges that would be refused anyway, since they have expired, and return how
    many."""
    is_over = SpentChallenge.expires_at <= now
    return await delete_portion(db, SpentChallenge, is_over, order_by=[SpentChallenge.expires_at])
