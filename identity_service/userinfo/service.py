"""The claims about a person that the scopes of a token let its client read."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import asyncpg

from identity_service.clients.scopes import EMAIL, PROFILE
from identity_service.errors import SessionEnded
from identity_service.users import repository as users
from watchword.database.database import Database


class UserInfo:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def claims(self, user_id: UUID, scopes: Collection[str]) -> dict[str, Any]:
        """The members of UserInfoRead, in its order, without those that have no value. Raises SessionEnded if the user
        is gone."""
        row = await self._database.reads.fetch_row(users.CLAIMS, user_id=user_id)
        if row is None:
            raise SessionEnded("the user has been deleted")
        claims: dict[str, Any] = {"sub": str(user_id)}
        if PROFILE in scopes:
            claims |= _profile(row)
        if EMAIL in scopes:
            claims |= {"email": row["email"], "email_verified": row["is_verified"]}
        return claims


def _profile(row: asyncpg.Record) -> dict[str, Any]:
    name = {"name": row["full_name"]} if row["full_name"] is not None else {}
    return {**name, "preferred_username": row["username"], "updated_at": int(row["updated_at"].timestamp())}
