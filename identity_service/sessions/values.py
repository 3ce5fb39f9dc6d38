"""The values that the use cases of sessions take and return."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from identity_service.authentications import Authentication
from identity_service.clients.models import Client
from identity_service.clients.narrowing import Target, TokenRequest, audience_within, scopes_within
from identity_service.devices import Device
from identity_service.roles.models import RolesAndPermissions
from identity_service.sign_ons.values import SignOnLifetimes


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long an access token, an unused refresh token and a session last, and how long a spent refresh token still
    leads to the unspent one of its session (`retry`). `sign_on` is how long a sign-on lasts: no session of one outlives
    it."""

    access: timedelta
    refresh: timedelta
    session: timedelta
    retry: timedelta
    sign_on: SignOnLifetimes


class AccountUse(NamedTuple):
    """How many live sessions an account has, and when its owner signed in for the latest of them, if there are any."""

    sessions: int
    last_sign_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class PresentedRefreshToken:
    """A refresh token whose signature, issuer and expiry are valid, and what the client requests with it."""

    token_id: UUID
    subject: UUID
    request: TokenRequest

    @property
    def client(self) -> Client:
        return self.request.client


class SignOnOfRequest(NamedTuple):
    """The sign-on that a session is to come from, and when it began."""

    id: UUID
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """The client that a user signs in with, the scopes and audiences of the grant, what the first access token is for,
    and the user's device. `names_scopes` is whether the client asked for the scopes by name.

    `authentication` is that of the user, a password that was verified now if it is None. `sign_on` is the one that the
    session comes from, None if the user needed no browser. `nonce` is for the ID token (OpenID Connect Core section
    3.1.2.1). `continued_session_id` is a session of the client that is to go on in the place of a further one.
    """

    client_id: str
    scopes: Sequence[str]
    audiences: Sequence[str]
    names_scopes: bool
    target: Target
    device: Device
    authentication: Authentication | None = None
    sign_on: SignOnOfRequest | None = None
    nonce: str | None = None
    gives_refresh_token: bool = True
    continued_session_id: UUID | None = None

    @classmethod
    def of(cls, request: TokenRequest, device: Device) -> "SignInRequest":
        """The grant covers every audience of the client. Raises ScopeNotAllowed, AudienceNotAllowed."""
        client = request.client
        scopes = scopes_within(request.scope, client.scopes)
        default = request.default_audience(scopes if request.scope is not None else ())
        audience = audience_within(request.resources, client.audiences, default)
        target = request.target(scopes, audience)
        return cls(client.id, scopes, client.audiences, request.scope is not None, target, device)


class TokenUser(NamedTuple):
    """What tokens say about a user, except the roles."""

    id: UUID
    username: str
    version: int


class TokenSession(NamedTuple):
    """What tokens say about a session. No token expires later than it."""

    id: UUID
    client_id: str
    expires_at: datetime


class IssuedRefreshToken(NamedTuple):
    """The row of a refresh token that has not been traded in."""

    id: UUID
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class IssuedSession:
    """Everything that the tokens of one session are minted from.

    The user's version and roles were read while the user's row was locked, so that a later change has a later version.
    There is no `refresh_token` if the client gets none. `granted_scopes` are those that the client has with this answer
    for any audience; `target` has those of the access token.
    """

    user: TokenUser
    roles: RolesAndPermissions
    session: TokenSession
    refresh_token: IssuedRefreshToken | None
    target: Target
    issued_at: datetime
    authentication: Authentication
    granted_scopes: Sequence[str]
    nonce: str | None = None


class SessionScopes(NamedTuple):
    """The scopes and audiences of a session, as its row says: see `Session`."""

    scopes: Sequence[str]
    audiences: Sequence[str]
    audience: str | None
    names_scopes: bool | None


class SignOnOfSession(NamedTuple):
    """The sign-on that a session comes from, as its row says."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None


class LockedSession(NamedTuple):
    """The session of a refresh token that was presented, with its user and the token; their rows are locked, and that
    of its sign-on is not."""

    user: TokenUser
    is_active: bool
    session: TokenSession
    ended_at: datetime | None
    scopes: SessionScopes
    token_expires_at: datetime
    used_at: datetime | None
    authentication: Authentication
    sign_on: SignOnOfSession | None
