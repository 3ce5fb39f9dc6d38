"""What a route may ask for."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request

from identity_service.parts import Parts
from identity_service.sessions import service as sessions
from identity_service.users.passwords import Passwords
from shared.auth import Guard, Principal
from shared.database import Database


class Scope(StrEnum):
    ACCOUNT = "account"


class SessionGuard(Guard):
    """On top of the token: its session and its user are looked up, since here is where they are known."""

    async def ensure(self, request: Request, principal: Principal) -> None:
        await super().ensure(request, principal)
        parts: Parts = request.app.state.parts
        await sessions.ensure_live(parts.database, principal.person_id(), principal.own_session_id(), parts.clock.now())


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


async def _database(request: Request) -> Database:
    return (await _parts(request)).database


async def _passwords(request: Request) -> Passwords:
    return (await _parts(request)).passwords


async def _now(request: Request) -> datetime:
    return (await _parts(request)).clock.now()


PartsDep = Annotated[Parts, Depends(_parts)]
DatabaseDep = Annotated[Database, Depends(_database)]
PasswordsDep = Annotated[Passwords, Depends(_passwords)]
NowDep = Annotated[datetime, Depends(_now)]
SignedIn = Annotated[Principal, Depends(SessionGuard(scope=Scope.ACCOUNT))]
