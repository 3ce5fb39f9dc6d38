"""What a route may ask for."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request

from identity_service.parts import Parts
from identity_service.recording.recorder import Recorder
from identity_service.sessions import service as sessions
from identity_service.users.passwords import Passwords
from watchword.auth import Guard, Principal
from watchword.database.database import Database

_MAX_DEVICE_CHARACTERS = 200


class Scope(StrEnum):
    ACCOUNT = "account"
    SSF_MANAGE = "ssf.manage"
    SSF_READ = "ssf.read"


def device_of(request: Request) -> tuple[str | None, str | None]:
    """What a session is shown by: the browser's or program's own words about itself, and where it asked from."""
    words = request.headers.get("user-agent", "").replace("\x00", "")[:_MAX_DEVICE_CHARACTERS]
    return words or None, request.client.host if request.client is not None else None


class SessionGuard(Guard):
    """On top of the token: its session and its user are looked up, since here is where they are known."""

    async def ensure(self, request: Request, principal: Principal) -> None:
        await super().ensure(request, principal)
        parts: Parts = request.app.state.parts
        await sessions.ensure_live(
            parts.database,
            principal.person_id(),
            principal.own_session_id(),
            principal.issued_at.timestamp(),
            parts.clock.now(),
        )


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


async def _database(request: Request) -> Database:
    return (await _parts(request)).database


async def _passwords(request: Request) -> Passwords:
    return (await _parts(request)).passwords


async def _recorder(request: Request) -> Recorder:
    return (await _parts(request)).recorder


async def _now(request: Request) -> datetime:
    return (await _parts(request)).clock.now()


PartsDep = Annotated[Parts, Depends(_parts)]
DatabaseDep = Annotated[Database, Depends(_database)]
PasswordsDep = Annotated[Passwords, Depends(_passwords)]
RecorderDep = Annotated[Recorder, Depends(_recorder)]
NowDep = Annotated[datetime, Depends(_now)]
SignedIn = Annotated[Principal, Depends(SessionGuard(scope=Scope.ACCOUNT))]
