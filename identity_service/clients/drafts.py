"""A client to be made or extended, and what is wrong with it: nothing is accepted that can never take effect."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from identity_service.clients.models import Client, ClientRow, hash_secret

# The constraint of the table says the same.
_ID: Final = re.compile(r"(?![0-9a-f]{8}-)[a-z][a-z0-9-]{1,62}")


@dataclass(frozen=True, slots=True)
class Reach:
    """What the services offer: their audiences, and the audience of each scope."""

    audiences: Collection[str]
    audience_by_scope: Mapping[str, str]


@dataclass(frozen=True, slots=True, repr=False)
class ClientDraft:
    """A client to be made; without a secret it is public, and the default audience is the first if none is named."""

    id: str
    name: str
    secret: str | None
    grants: Sequence[str]
    scopes: Sequence[str]
    audiences: Sequence[str]
    default_audience: str | None = None

    def as_client(self) -> Client:
        return Client(
            id=self.id,
            name=self.name,
            secret_hash=hash_secret(self.secret) if self.secret is not None else None,
            grants=_distinct(self.grants),
            scopes=_distinct(self.scopes),
            audiences=_distinct(self.audiences),
            default_audience=self.default_audience or next(iter(self.audiences), None),
            is_first_party="password" in self.grants,
        )

    def faults(self, reach: Reach) -> list[str]:
        """Everything that is wrong with the draft, one sentence each."""
        extension = ClientExtension(self.scopes, self.audiences, self.default_audience)
        return [*self._own_faults(), *extension.faults(reach, None)]

    def _own_faults(self) -> Iterable[str]:
        if not _ID.fullmatch(self.id):
            yield "a client id is 2 to 63 of a-z, 0-9 and hyphen, begins with a letter and is not a UUID"
        if not self.name.strip():
            yield "a client needs a name"
        if not self.grants:
            yield "a client needs at least one grant"
        if self.secret is None and "client_credentials" in self.grants:
            yield "a public client has no secret, which the grant client_credentials needs"
        if "refresh_token" in self.grants and "password" not in self.grants:
            yield "the grant refresh_token needs the grant password, which gives the first refresh token"
        if not self.scopes:
            yield "a client needs at least one scope"
        if not self.audiences:
            yield "a client needs at least one audience"


@dataclass(frozen=True, slots=True)
class ClientExtension:
    """Scopes and audiences that a client is to have too, and another default audience."""

    scopes: Sequence[str]
    audiences: Sequence[str]
    default_audience: str | None = None

    def faults(self, reach: Reach, client: Client | None) -> list[str]:
        """Everything that is wrong with the extension of this client, or of one that has nothing yet."""
        scopes = {*(client.scopes if client is not None else ()), *self.scopes}
        audiences = {*(client.audiences if client is not None else ()), *self.audiences}
        return [
            *self._unknown(reach),
            *self._without_effect(reach, scopes, audiences),
        ]

    def extend(self, client: ClientRow) -> None:
        """Give the client what it lacks."""
        client.scopes = sorted({*client.scopes, *self.scopes})
        client.audiences = sorted({*client.audiences, *self.audiences})
        client.default_audience = self.default_audience or client.default_audience

    def _unknown(self, reach: Reach) -> Iterable[str]:
        for audience in _distinct(self.audiences):
            if audience not in reach.audiences:
                yield f"no service has the audience {audience}; create-service makes one"
        for scope in _distinct(self.scopes):
            if scope not in reach.audience_by_scope:
                yield f"no service has the scope {scope}; create-service gives it to one"

    def _without_effect(self, reach: Reach, scopes: set[str], audiences: set[str]) -> Iterable[str]:
        for scope in _distinct(self.scopes):
            audience = reach.audience_by_scope.get(scope)
            if audience is not None and audience not in audiences:
                yield f"the scope {scope} belongs to {audience}, which is not among the client's audiences"
        useful = {reach.audience_by_scope.get(scope) for scope in scopes}
        for audience in _distinct(self.audiences):
            if audience in reach.audiences and audience not in useful:
                yield f"the client has no scope of {audience}, and would get no token for it"
        if self.default_audience is not None and self.default_audience not in audiences:
            yield f"the default audience {self.default_audience} is not among the client's audiences"
        elif self.default_audience not in (None, *self.audiences) and self.default_audience not in useful:
            yield f"the client has no scope of {self.default_audience}, and would get no token for it"


def _distinct(values: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(values))
