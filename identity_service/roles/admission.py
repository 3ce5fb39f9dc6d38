"""Letting administrators in, by what the tables say at each request."""

from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam

from identity_service.errors import NotAnAdministrator
from identity_service.roles.administrators import ADMINISTRATORS
from identity_service.roles.models import UserRole
from watchword.database.database import Database
from watchword.database.statements import Statement

_ADMINISTRATOR: Final = Statement(ADMINISTRATORS.where(UserRole.user_id == bindparam("user_id", type_=Uuid())).limit(1))


class Admission:
    """Asks the tables who is an administrator, so that nobody keeps the access that was taken from them."""

    def __init__(self, database: Database) -> None:
        self._reads = database.reads

    async def ensure_administrator(self, user_id: UUID) -> None:
        """Raise NotAnAdministrator unless this user may administer at this moment."""
        if await self._reads.fetch_row(_ADMINISTRATOR, user_id=user_id) is None:
            raise NotAnAdministrator(f"{user_id} is no administrator")
