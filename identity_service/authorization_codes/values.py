"""The values that the use case of authorization codes takes, and what it reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from identity_service.authentications import Authentication
from identity_service.clients.narrowing import TokenRequest
from identity_service.devices import Device
from identity_service.sessions.values import TokenUser


@dataclass(frozen=True, slots=True, repr=False)
class Allowance:
    """What a person allows a client, and what the client must present with the code: the same redirect URI, and the
    verifier of the challenge. `continued_session_id` is a session that the client wants to go on with it."""

    client_id: str
    redirect_uri: str
    code_challenge: str
    scopes: Sequence[str]
    names_scopes: bool
    audiences: Sequence[str]
    nonce: str | None
    continued_session_id: UUID | None = None


@dataclass(frozen=True, slots=True, repr=False)
class PresentedCode:
    """A code, what proves that the client may trade it in, and what the client requests with it."""

    code: str
    redirect_uri: str
    verifier: str
    request: TokenRequest


class SignOnOfCode(NamedTuple):
    """The sign-on in which a person allowed a client what its code is for, and their browser. `authentication` is the
    latest."""

    device: Device
    authentication: Authentication
    id: UUID
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None


class LockedCode(NamedTuple):
    """An authorization code with its user and its sign-on, whose rows are locked too. `may_get_sessions` is said of the
    user."""

    user: TokenUser
    sign_on: SignOnOfCode
    authentication: Authentication
    may_get_sessions: bool
    client_id: str
    redirect_uri: str
    code_challenge: str
    scopes: Sequence[str]
    audiences: Sequence[str]
    names_scopes: bool
    nonce: str | None
    expires_at: datetime
    used_at: datetime | None
    session_id: UUID | None
    continued_session_id: UUID | None
