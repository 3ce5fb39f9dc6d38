"""Which refresh tokens are honoured, and what the access token of a refresh may be for."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from identity_service.clients.models import Client
from identity_service.clients.narrowing import Target, audience_within, scopes_within
from identity_service.ending import is_live
from identity_service.errors import RefreshTokenRefused
from identity_service.sessions.values import LockedSession, PresentedRefreshToken, SessionScopes, SignInRequest


def ensure_honoured(locked: LockedSession, presented: PresentedRefreshToken, now: datetime) -> None:
    """Raise RefreshTokenRefused unless the token is one of a live session of an active user with this client, and the
    sign-on that the session comes from, if any, is live."""
    session = locked.session
    is_honoured = (
        locked.is_active
        and session.client_id == presented.client.id
        and is_live(locked.ended_at, session.expires_at, now)
        and now < locked.token_expires_at
    )
    if not is_honoured:
        raise RefreshTokenRefused("not a live session of an active user with this client")
    sign_on = locked.sign_on
    if sign_on is not None and not is_live(sign_on.ended_at, sign_on.expires_at, now):
        raise RefreshTokenRefused("the sign-on of the session is over")


def is_replayed(locked: LockedSession, now: datetime, window: timedelta) -> bool:
    """Whether the token was used before, and longer ago than `window`. Within it an honest client may present the token
    again: its answer was lost, or two tabs refreshed at once. If the window is zero, no client may."""
    return locked.used_at is not None and not (window and now - locked.used_at <= window)


def token_expires_at(now: datetime, lifetime: timedelta, session_expires_at: datetime) -> datetime:
    """When a refresh token that is issued now expires: it does not outlive its session."""
    return min(now + lifetime, session_expires_at)


def requested_scopes(presented: PresentedRefreshToken, granted: SessionScopes) -> list[str]:
    """The requested scopes, within the grant and what the client may still have. Raises ScopeNotAllowed."""
    client = presented.client
    if client.is_first_party:
        allowed = _first_party_scopes(granted, client)
    else:
        allowed = [scope for scope in granted.scopes if scope in client.scopes]
    return scopes_within(presented.request.scope, allowed)


def narrow(presented: PresentedRefreshToken, locked: LockedSession, scopes: Sequence[str]) -> Target:
    """The requested audience, within the grant and what the client may still have, and those of the scopes that belong
    to it. A grant without a sign-on covers every audience of a first-party client.

    Raises AudienceNotAllowed, ScopeNotAllowed.
    """
    request, client, granted = presented.request, presented.client, locked.scopes
    audiences = client.audiences
    if not client.is_first_party or locked.sign_on is not None:
        audiences = [audience for audience in granted.audiences if audience in client.audiences]
    started_with = _first_audience(granted)
    default = started_with if started_with in audiences else client.default_audience
    audience = audience_within(request.resources, audiences, default)
    return request.target(scopes, audience)


def covers(granted: SessionScopes, client: Client, request: SignInRequest) -> bool:
    """Whether a session with this grant, which comes from a sign-on, has all that is requested."""
    scopes = _first_party_scopes(granted, client) if client.is_first_party else granted.scopes
    return set(request.scopes).issubset(scopes) and set(request.audiences).issubset(granted.audiences)


def _first_audience(granted: SessionScopes) -> str | None:
    """The audience that the session began with; in a row of an earlier release, the only one that it has."""
    if granted.audience is None and len(granted.audiences) == 1:
        return granted.audiences[0]
    return granted.audience


def _first_party_scopes(granted: SessionScopes, client: Client) -> list[str]:
    """What the client may have now; if it asked for the scopes by name, those of them that it still may have.

    In a row of an earlier release, scopes other than the client's were asked for by name.
    """
    names_scopes = granted.names_scopes
    if names_scopes is None:
        names_scopes = set(granted.scopes) != set(client.scopes)
    return [scope for scope in client.scopes if not names_scopes or scope in granted.scopes]
