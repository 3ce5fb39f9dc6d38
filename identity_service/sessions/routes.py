"""/sessions: see where you are signed in, and end it."""

from uuid import UUID

from fastapi import APIRouter, Depends

from identity_service.caching import forbid_caching
from identity_service.dependencies import PreferredWaitDep, SessionsDep, SignedIn
from identity_service.ending import EndReason
from identity_service.errors import SessionNotFound
from identity_service.events.schemas import ObedienceRead
from identity_service.obedience.documentation import PREFER_WAIT, obedience_answer
from identity_service.sessions.schemas import SessionRead
from watchword.http.responses import refusals

router = APIRouter(prefix="/sessions", tags=["sessions"], dependencies=[Depends(forbid_caching)])


@router.get("", operation_id="sessions_list", summary="List your sessions")
async def list_sessions(caller: SignedIn, sessions: SessionsDep) -> list[SessionRead]:
    """Where you are signed in: your applications, the most recently seen first, those of one browser together."""
    current = caller.own_session_id()
    return [SessionRead.of(session, current) for session in await sessions.list_live(caller.person_id())]


@router.delete(
    "",
    operation_id="sessions_end_others",
    summary="Sign out everywhere else",
    status_code=204,
    response_model=None,
    responses=obedience_answer(),
    openapi_extra=PREFER_WAIT,
)
async def end_other_sessions(caller: SignedIn, sessions: SessionsDep, wait: PreferredWaitDep) -> ObedienceRead | None:
    """End every session of yours but this one and the others of the same browser."""
    return await wait.answer(await sessions.end_others(caller.person_id(), caller.own_session_id()))


@router.delete(
    "/current",
    operation_id="sessions_sign_out",
    summary="Sign out",
    status_code=204,
    response_model=None,
    responses=obedience_answer() | refusals(SessionNotFound),
    openapi_extra=PREFER_WAIT,
)
async def sign_out(caller: SignedIn, sessions: SessionsDep, wait: PreferredWaitDep) -> ObedienceRead | None:
    """Sign out here: in a browser, of all applications there. Every service refuses their tokens from now on."""
    return await wait.answer(await sessions.sign_out(caller.person_id(), caller.own_session_id(), EndReason.SIGNED_OUT))


@router.delete(
    "/{session_id}",
    operation_id="sessions_end",
    summary="Sign out on one device",
    status_code=204,
    response_model=None,
    responses=obedience_answer() | refusals(SessionNotFound),
    openapi_extra=PREFER_WAIT,
)
async def end_session(
    session_id: UUID, caller: SignedIn, sessions: SessionsDep, wait: PreferredWaitDep
) -> ObedienceRead | None:
    """End one session of yours, with the others of the same browser. Every service refuses their tokens from now on."""
    act = await sessions.sign_out(caller.person_id(), session_id, EndReason.ENDED_BY_OWNER)
    return await wait.answer(act)
