"""What authorizes pushes: sealed in the rows of streams."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.events.models import Stream
from identity_service.keys.key_encryption import HEADER_BYTES, Kind, Seal
from identity_service.keys.sealed_rows import SealedRow

_SEALED: Final = Stream.sealed_push_authorization


def seal_of(client_id: str) -> Seal:
    """What the authorization of a client's stream is bound to."""
    return Seal(Kind.PUSH_AUTHORIZATION, client_id)


class SealedAuthorizations:
    """The authorizations of all streams."""

    kind: Final = Kind.PUSH_AUTHORIZATION
    ids: Final = Stream.id.expression

    async def stale(self, db: AsyncSession, header: bytes, after: UUID, last: UUID) -> Sequence[SealedRow]:
        """The authorizations in rows behind `after` up to `last` that do not begin with this header, locked."""
        is_stale = func.substring(_SEALED, 1, HEADER_BYTES) != header
        statement = select(Stream.id, Stream.client_id, _SEALED).where(Stream.id > after, Stream.id <= last, is_stale)
        # Events are enqueued into the stream meanwhile: these hold a weaker lock.
        rows = await db.execute(statement.order_by(Stream.id).with_for_update(key_share=True))
        return [SealedRow(stream_id, seal_of(client_id), sealed or b"") for stream_id, client_id, sealed in rows]

    async def replace(self, db: AsyncSession, sealed: Mapping[UUID, bytes]) -> Any:
        """Put these authorizations into their rows."""
        change = update(Stream).where(Stream.id == bindparam("row_id"))
        statement = change.values(sealed_push_authorization=bindparam("anew"))
        parameters = [{"row_id": stream_id, "anew": anew} for stream_id, anew in sealed.items()]
        await (await db.connection()).execute(statement, parameters)
