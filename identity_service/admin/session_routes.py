"""The sessions of people, and the letter that resets a password, as administrators see and cause them."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from identity_service.admin.answers import link_next
from identity_service.admin.router import admin_router
from identity_service.admin.session_schemas import LiveSessionPage
from identity_service.caching import NO_STORE
from identity_service.dependencies import (
    FRESH_SIGN_IN,
    AdminCause,
    FromAddress,
    PartsDep,
    PreferredWaitDep,
    SessionsDep,
)
from identity_service.errors import LettersNotSent, ResetImpossible, UserNotFound
from identity_service.events.schemas import ObedienceRead
from identity_service.obedience.documentation import PREFER_WAIT, obedience_answer
from watchword.auth import InsufficientUserAuthentication
from watchword.database.errors import DatabaseUnavailable
from watchword.http.keyset import InvalidCursor
from watchword.http.paging import PageCursor, PageLength
from watchword.http.responses import answer, refusals
from watchword.limits import LimitReached

router = admin_router("/sessions", tag="sessions")
user_router = admin_router("/users/{user_id}", tag="users")


@router.get(
    "",
    operation_id="admin_sessions_list",
    summary="List live sessions",
    responses=answer(200, "Link") | refusals(InvalidCursor, DatabaseUnavailable),
)
async def list_sessions(
    parts: PartsDep,
    request: Request,
    response: Response,
    user: Annotated[UUID | None, Query(description="Only sessions of this user")] = None,
    limit: PageLength = 20,
    cursor: PageCursor = None,
) -> LiveSessionPage:
    """Where people are signed in, the newest session first. A page searches at most 1,000 sessions that have not been
    ended: if most of them have expired, it may be short or empty, and `next` continues after them."""
    page = LiveSessionPage.of(await parts.session_directory.list(user, cursor, limit))
    link_next(page.next, request, response)
    return page


@user_router.delete(
    "/sessions",
    operation_id="admin_users_end_sessions",
    summary="Sign somebody out everywhere",
    status_code=204,
    response_model=None,
    responses=obedience_answer() | refusals(UserNotFound, DatabaseUnavailable),
    openapi_extra=PREFER_WAIT,
)
async def end_sessions(
    user_id: UUID, sessions: SessionsDep, cause: AdminCause, wait: PreferredWaitDep
) -> ObedienceRead | None:
    """End every session and every sign-on of a user, and cancel the sign-ins of devices that they have allowed and that
    have no session yet. From now on, every service refuses their tokens. They can sign in again, unless the account is
    disabled."""
    return await wait.answer(await sessions.end_all(user_id, cause))


@user_router.delete(
    "/factors",
    operation_id="admin_users_reset_factors",
    summary="Remove somebody's second factors",
    status_code=204,
    response_model=None,
    responses=obedience_answer() | refusals(UserNotFound, InsufficientUserAuthentication, DatabaseUnavailable),
    openapi_extra=PREFER_WAIT,
    dependencies=[FRESH_SIGN_IN],
)
async def reset_factors(
    user_id: UUID, parts: PartsDep, cause: AdminCause, wait: PreferredWaitDep
) -> ObedienceRead | None:
    """Remove the authenticator app, every passkey and every recovery code of a user who has lost them, and end every
    session and every sign-on. From then on, the password alone signs them in, until they add a factor again. They get a
    letter. Make sure before that it is the owner who asks you. Requires a sign-in of the last ten minutes."""
    return await wait.answer(await parts.factors.recovery.reset(user_id, cause))


@user_router.post(
    "/password-resets",
    operation_id="admin_users_reset_password",
    summary="Send somebody a letter that resets their password",
    status_code=202,
    response_class=Response,
    responses=refusals(
        UserNotFound,
        LettersNotSent,
        ResetImpossible,
        LimitReached,
        InsufficientUserAuthentication,
        DatabaseUnavailable,
    ),
    dependencies=[FRESH_SIGN_IN, FromAddress],
)
async def reset_password(user_id: UUID, parts: PartsDep, cause: AdminCause) -> Response:
    """Send the letter that `POST /password-resets` sends, within the same limits. The password stays valid until the
    owner of the address has set another one; to sign them out meanwhile, end their sessions."""
    await parts.password_resets.request_for(user_id, cause)
    return Response(status_code=202, headers=NO_STORE)
