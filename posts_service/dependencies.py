"""What a route may ask for."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request

from posts_service.parts import Parts
from watchword.auth import Principal, optional, requires
from watchword.database.database import Database


class Scope(StrEnum):
    POSTS_WRITE = "posts:write"


async def _database(request: Request) -> Database:
    parts: Parts = request.app.state.parts
    return parts.database


async def _now(request: Request) -> datetime:
    parts: Parts = request.app.state.parts
    return parts.clock.now()


DatabaseDep = Annotated[Database, Depends(_database)]
NowDep = Annotated[datetime, Depends(_now)]
Reader = Annotated[Principal | None, Depends(optional)]
Writer = Annotated[Principal, Depends(requires(Scope.POSTS_WRITE))]
