"""/sessions: sign a browser in, see where you are signed in, end it."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response

from identity_service.authentication import password as sign_in
from identity_service.authentication.cookie import COOKIE
from identity_service.authentication.password import PasswordCredentials
from identity_service.clients import service as clients
from identity_service.dependencies import DatabaseDep, NowDep, PartsDep, RecorderDep, SignedIn, device_of
from identity_service.errors import NotSignedIn
from identity_service.oauth.errors import NO_STORE, InvalidGrant
from identity_service.oauth.request import FIRST_PARTY_CLIENT
from identity_service.parts import Parts
from identity_service.sessions import service
from identity_service.sessions.models import EndReason
from identity_service.sessions.schemas import SessionRead, SignedInRead, SignIn
from identity_service.sessions.service import Grant, SignInRequest
from watchword.auth import public

router = APIRouter(prefix="/sessions", tags=["sessions"])


@router.post("", status_code=201, response_model=SignedInRead)
@public
async def sign_browser_in(typed: SignIn, request: Request, parts: PartsDep, now: NowDep) -> Response:
    """Sign in from one of our own pages. The refresh token goes into a cookie that no script can read."""
    parts.browser.ensure_ours(request)
    client = await clients.get(parts.database, FIRST_PARTY_CLIENT)
    asked = SignInRequest(client.id, client.scopes, client.audiences, *device_of(request))
    proof = PasswordCredentials(typed.username, typed.password)
    try:
        grant = await sign_in.sign_in(
            parts.database, parts.passwords, parts.sign_ins, proof, asked, parts.lifetimes, now
        )
    except InvalidGrant as error:
        raise NotSignedIn(error.reason) from None
    return _answer(parts, grant, now, 201)


@router.post("/current/refresh", response_model=SignedInRead)
@public
async def refresh_browser(request: Request, parts: PartsDep, now: NowDep) -> Response:
    """Another access token for the session whose cookie this browser holds; the cookie is rotated."""
    parts.browser.ensure_ours(request)
    try:
        client = await clients.get(parts.database, FIRST_PARTY_CLIENT)
        presented = await parts.issuer.presented(request.cookies.get(COOKIE, ""), client, now)
        grant = await service.rotate(parts.database, parts.recorder, presented, parts.lifetimes, now)
    except InvalidGrant as error:
        raise NotSignedIn(error.reason) from None
    return _answer(parts, grant, now, 200)


@router.get("", response_model=list[SessionRead])
async def list_sessions(caller: SignedIn, database: DatabaseDep, now: NowDep) -> list[SessionRead]:
    """Where you are signed in, the most recently seen first."""
    current = caller.own_session_id()
    return [SessionRead.of(s, current) for s in await service.list_sessions(database, caller.person_id(), now)]


@router.delete("", status_code=204)
async def end_other_sessions(caller: SignedIn, database: DatabaseDep, recorder: RecorderDep, now: NowDep) -> None:
    """Sign out everywhere else."""
    await service.end_others(database, recorder, caller.person_id(), caller.own_session_id(), now)


@router.delete("/current", status_code=204)
async def sign_out(caller: SignedIn, response: Response, parts: PartsDep, now: NowDep) -> None:
    """Sign out here. Every service refuses this session's tokens from now on."""
    person, session = caller.person_id(), caller.own_session_id()
    await service.end(parts.database, parts.recorder, person, session, EndReason.SIGNED_OUT, caller.subject, now)
    parts.browser.forget(response)


@router.delete("/{session_id}", status_code=204)
async def end_session(
    session_id: UUID, caller: SignedIn, database: DatabaseDep, recorder: RecorderDep, now: NowDep
) -> None:
    """Sign out on one device."""
    person = caller.person_id()
    await service.end(database, recorder, person, session_id, EndReason.ENDED_BY_OWNER, caller.subject, now)


def _answer(parts: Parts, grant: Grant, now: datetime, status: int) -> Response:
    tokens = parts.issuer.for_session(grant, now)
    body = SignedInRead(access_token=tokens.access_token, expires_in=tokens.expires_in, scope=tokens.scope)
    response = Response(body.model_dump_json(), status, NO_STORE, "application/json")
    parts.browser.keep(response, tokens.refresh_token or "", grant.refresh_token.expires_at)
    return response
