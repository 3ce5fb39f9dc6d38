"""Sealed values in the rows of a table, for whoever seals them anew."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.keys.key_encryption import Kind, Seal


class SealedRow(NamedTuple):
    """A sealed value, and the row that it is in."""

    id: UUID
    seal: Seal
    sealed: bytes


class SealedRows(Protocol):
    """The sealed values of one kind. Their table has ids that grow."""

    @property
    def kind(self) -> Kind: ...

    @property
    def ids(self) -> ColumnElement[UUID]: ...

    async def stale(self, db: AsyncSession, header: bytes, after: UUID, last: UUID) -> Sequence[SealedRow]:
        """The values in rows behind `after` up to `last` that do not begin with this header; their rows are locked."""

    async def replace(self, db: AsyncSession, sealed: Mapping[UUID, bytes]) -> Any:
        """Put these values into their rows, which are locked."""
