"""The values that the use cases of sessions take and return."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from identity_service.clients.models import Client
from identity_service.roles.models import RolesAndPermissions
from identity_service.sessions.models import RefreshToken, Session
from identity_service.users.models import User


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long an access token, an unused refresh token and a session last, and how long a spent refresh token still
    yields the same successor (`retry`)."""

    access: timedelta
    refresh: timedelta
    session: timedelta
    retry: timedelta


class Device(NamedTuple):
    """What a session is shown by: the User-Agent of the browser or program, and its address."""

    description: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class PresentedRefreshToken:
    """A refresh token whose signature, issuer and expiry are valid, and what the client requests with it."""

    token_id: UUID
    subject: UUID
    client: Client
    scope: str | None
    resources: Sequence[str]


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """The client that a user signs in with, what its tokens are to be valid for, and the user's device.

    `previous` is a refresh token of the session that the same browser has; it ends.
    """

    client_id: str
    scopes: Sequence[str]
    audiences: Sequence[str]
    device: Device
    previous: PresentedRefreshToken | None = None


@dataclass(frozen=True, slots=True)
class IssuedSession:
    """Everything that the tokens of one session are minted from.

    `issued_at` was read while the user's row was locked, so that a later change of roles has a later time.
    """

    user: User
    roles: RolesAndPermissions
    session: Session
    refresh_token: RefreshToken
    scopes: Sequence[str]
    audiences: Sequence[str]
    issued_at: datetime
