"""A client to be made or extended, and what is wrong with it: nothing is accepted that can never take effect."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from identity_service.clients import consistency
from identity_service.clients.changes import added_faults
from identity_service.clients.models import ApplicationType, Client, hash_secret
from watchword.errors import Fault


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
    is_first_party: bool = False
    application_type: ApplicationType = ApplicationType.WEB
    redirect_uris: Sequence[str] = ()
    post_logout_redirect_uris: Sequence[str] = ()
    backchannel_logout_uri: str | None = None

    def as_client(self) -> Client:
        return Client(
            id=self.id,
            name=self.name,
            secret_hash=hash_secret(self.secret) if self.secret is not None else None,
            grants=_distinct(self.grants),
            scopes=_distinct(self.scopes),
            audiences=_distinct(self.audiences),
            default_audience=self.default_audience or next(iter(self.audiences), None),
            is_first_party=self.is_first_party,
            application_type=self.application_type,
            redirect_uris=_distinct(self.redirect_uris),
            post_logout_redirect_uris=_distinct(self.post_logout_redirect_uris),
            backchannel_logout_uri=self.backchannel_logout_uri,
        )

    def faults(self, reach: Reach) -> list[Fault]:
        """Everything that is wrong with the draft."""
        return faults_of(self.as_client(), reach)


@dataclass(frozen=True, slots=True)
class ClientExtension:
    """Scopes and audiences that a client is to have too, and another default audience."""

    scopes: Sequence[str]
    audiences: Sequence[str]
    default_audience: str | None = None

    def faults(self, reach: Reach, client: Client | None) -> list[Fault]:
        """Everything that is wrong with the extension of this client, or of one that has nothing yet."""
        scopes = {*(client.scopes if client is not None else ()), *self.scopes}
        audiences = {*(client.audiences if client is not None else ()), *self.audiences}
        return [
            *self._unknown(reach),
            *self._without_effect(reach, scopes, audiences),
            *(added_faults(client, self.applied_to(client)) if client is not None else ()),
        ]

    def applied_to(self, client: Client) -> Client:
        """The client with what it lacks."""
        return replace(
            client,
            scopes=sorted({*client.scopes, *self.scopes}),
            audiences=sorted({*client.audiences, *self.audiences}),
            default_audience=self.default_audience or client.default_audience,
        )

    def _unknown(self, reach: Reach) -> Iterable[Fault]:
        for audience in _distinct(self.audiences):
            if audience not in reach.audiences:
                yield Fault.of("audiences", f"no service has the audience {audience}")
        for scope in _distinct(self.scopes):
            if scope not in reach.audience_by_scope:
                yield Fault.of("scopes", f"no service has the scope {scope}")

    def _without_effect(self, reach: Reach, scopes: set[str], audiences: set[str]) -> Iterable[Fault]:
        for scope in _distinct(self.scopes):
            audience = reach.audience_by_scope.get(scope)
            if audience is not None and audience not in audiences:
                yield Fault.of(
                    "scopes", f"the scope {scope} belongs to {audience}, which is not among the client's audiences"
                )
        useful = {reach.audience_by_scope.get(scope) for scope in scopes}
        for audience in _distinct(self.audiences):
            if audience in reach.audiences and audience not in useful:
                yield Fault.of("audiences", f"the client has no scope of {audience}, and would get no token for it")
        if self.default_audience is not None and self.default_audience not in audiences:
            yield Fault.of(
                "default_audience", f"the default audience {self.default_audience} is not among the client's audiences"
            )
        elif self.default_audience not in (None, *self.audiences) and self.default_audience not in useful:
            yield Fault.of(
                "default_audience", f"the client has no scope of {self.default_audience}, and would get no token for it"
            )


def faults_of(client: Client, reach: Reach) -> list[Fault]:
    """Everything that is wrong with the client, and with what it may ask for of these services."""
    extension = ClientExtension(client.scopes, client.audiences, client.default_audience)
    return [*consistency.faults(client), *extension.faults(reach, None)]


def _distinct(values: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(values))
