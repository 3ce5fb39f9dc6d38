"""The codes that a person types as a second factor, and the secret of the app that makes them."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.factors import one_time_codes, recovery_codes
from identity_service.factors.models import RecoveryCode, TotpEnrolment, TotpFactor
from identity_service.keys.digests import Digests
from identity_service.keys.key_encryption import Kind, Seal
from identity_service.keys.sealing import Sealer

ENROLMENT_LIFETIME: Final = timedelta(minutes=30)


class AcceptedCode(StrEnum):
    """The kind of a code that was right."""

    APP = "app"
    RECOVERY = "recovery code"


class Enrolment(NamedTuple):
    """The secret of an app that has shown no code yet, and until when it may."""

    secret: bytes
    expires_at: datetime


def seal_of(user_id: UUID) -> Seal:
    """What the secret of a user's app is bound to."""
    return Seal(Kind.TOTP_SECRET, str(user_id))


def is_recovery_code(text: str) -> bool:
    """Whether the text has the form of a recovery code."""
    return recovery_codes.normal_form(text) is not None


class FactorCodes:
    """Accepts codes and makes them, each method in the transaction of its caller. The user must be locked, before
    sign-ons and sessions; what a code is compared with is locked here."""

    def __init__(self, sealer: Sealer, digests: Digests) -> None:
        self._sealer = sealer
        self._digests = digests

    async def accept(self, db: AsyncSession, user_id: UUID, text: str, now: datetime) -> AcceptedCode | None:
        """Spend a code of the app or a recovery code, and say which it was; None if it is not right, or was used.
        Raises CannotUnseal."""
        if is_recovery_code(text):
            return await self._accept_recovery_code(db, user_id, text, now)
        return await self._accept_code_of_app(db, user_id, text, now)

    async def enrol(self, db: AsyncSession, user_id: UUID, begun_in: UUID, now: datetime) -> Enrolment:
        """Make the secret of an app in this sign-on or session; it replaces that of an earlier enrolment, wherever that
        was begun. Raises CannotUnseal."""
        secret = one_time_codes.make_secret()
        sealed = self._sealer.seal_bytes(seal_of(user_id), secret)
        values = {"sealed_secret": sealed, "begun_in": begun_in, "created_at": now}
        statement = insert(TotpEnrolment).values(user_id=user_id, **values)
        await db.execute(statement.on_conflict_do_update(index_elements=[TotpEnrolment.user_id], set_=values))
        return Enrolment(secret, now + ENROLMENT_LIFETIME)

    async def find_enrolment(self, db: AsyncSession, user_id: UUID, begun_in: UUID, now: datetime) -> Enrolment | None:
        """The enrolment that was begun in this sign-on or session and has not expired, if any; its row is locked.
        Raises CannotUnseal."""
        conditions = TotpEnrolment.user_id == user_id, TotpEnrolment.begun_in == begun_in
        statement = select(TotpEnrolment).where(*conditions).with_for_update()
        row = await db.scalar(statement.execution_options(populate_existing=True))
        if row is None or row.created_at + ENROLMENT_LIFETIME <= now:
            return None
        secret = self._sealer.open(seal_of(user_id), row.sealed_secret).plain
        return Enrolment(secret, row.created_at + ENROLMENT_LIFETIME)

    async def confirm(
        self, db: AsyncSession, user_id: UUID, enrolment: Enrolment, text: str, now: datetime
    ) -> TotpFactor | None:
        """End this enrolment, whose row is locked, with a code of its app, which is used by that, and return the
        factor, which is not in its table yet. None if the code is not right: then nothing happens."""
        step = one_time_codes.matching_step(enrolment.secret, text, now)
        if step is None:
            return None
        await db.execute(delete(TotpEnrolment).where(TotpEnrolment.user_id == user_id))
        sealed = self._sealer.seal_bytes(seal_of(user_id), enrolment.secret)
        return TotpFactor(user_id=user_id, sealed_secret=sealed, last_step=step, created_at=now, last_used_at=None)

    async def renew_recovery_codes(self, db: AsyncSession, user_id: UUID, now: datetime) -> list[str]:
        """Ten recovery codes, which replace all others of the user."""
        codes = recovery_codes.make_codes()
        await db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
        digests = [recovery_codes.digest_of(self._digests, user_id, code) for code in codes]
        rows = [{"user_id": user_id, "digest": digest, "created_at": now} for digest in digests]
        await db.execute(insert(RecoveryCode), rows)
        return codes

    async def _accept_code_of_app(
        self, db: AsyncSession, user_id: UUID, text: str, now: datetime
    ) -> AcceptedCode | None:
        statement = select(TotpFactor).where(TotpFactor.user_id == user_id).with_for_update()
        row = await db.scalar(statement.execution_options(populate_existing=True))
        if row is None:
            return None
        secret = self._sealer.open(seal_of(user_id), row.sealed_secret).plain
        step = one_time_codes.matching_step(secret, text, now, after=row.last_step)
        if step is None:
            return None
        row.last_step, row.last_used_at = step, now
        return AcceptedCode.APP

    async def _accept_recovery_code(
        self, db: AsyncSession, user_id: UUID, text: str, now: datetime
    ) -> AcceptedCode | None:
        digest = recovery_codes.digest_of(self._digests, user_id, text)
        conditions = RecoveryCode.user_id == user_id, RecoveryCode.digest == digest, RecoveryCode.used_at.is_(None)
        statement = update(RecoveryCode).where(*conditions).values(used_at=now).returning(RecoveryCode.digest)
        is_right = await db.scalar(statement, execution_options={"synchronize_session": False}) is not None
        return AcceptedCode.RECOVERY if is_right else None
