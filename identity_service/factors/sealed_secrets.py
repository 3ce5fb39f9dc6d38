"""The secrets of authenticator apps, sealed in the rows of their users."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.factors.codes import seal_of
from identity_service.factors.models import TotpEnrolment, TotpFactor
from identity_service.keys.key_encryption import HEADER_BYTES, Kind
from identity_service.keys.sealed_rows import SealedRow

Secrets: TypeAlias = type[TotpFactor] | type[TotpEnrolment]


class SealedSecrets:
    """The secrets in one of the two tables. Its ids are those of the users."""

    kind: Final = Kind.TOTP_SECRET

    def __init__(self, table: Secrets) -> None:
        self._table = table
        self.ids = table.user_id.expression

    async def stale(self, db: AsyncSession, header: bytes, after: UUID, last: UUID) -> Sequence[SealedRow]:
        """The secrets in rows behind `after` up to `last` that do not begin with this header, locked."""
        table = self._table
        is_stale = func.substring(table.sealed_secret, 1, HEADER_BYTES) != header
        in_portion = table.user_id > after, table.user_id <= last
        statement = select(table.user_id, table.sealed_secret).where(*in_portion, is_stale)
        rows = await db.execute(statement.order_by(table.user_id).with_for_update())
        return [SealedRow(user_id, seal_of(user_id), sealed) for user_id, sealed in rows]

    async def replace(self, db: AsyncSession, sealed: Mapping[UUID, bytes]) -> Any:
        """Put these secrets into their rows."""
        table = self._table
        statement = update(table).where(table.user_id == bindparam("row_id")).values(sealed_secret=bindparam("anew"))
        parameters = [{"row_id": user_id, "anew": anew} for user_id, anew in sealed.items()]
        await (await db.connection()).execute(statement, parameters)
