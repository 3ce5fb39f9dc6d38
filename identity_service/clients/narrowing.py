"""What a token is for: one audience, and those scopes of the grant that belong to its service."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from identity_service.clients.models import Client
from identity_service.clients.scopes import OFFLINE_ACCESS, OPENID
from identity_service.errors import AudienceNotAllowed, NoAudience, NoDefaultAudience, ScopeNotAllowed


@dataclass(frozen=True, slots=True)
class Target:
    """The audience and the scopes of one access token."""

    audience: str
    scopes: Sequence[str]


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A client that asks for a token, the scopes that the services of its audiences have, and what it asks for.

    `scope` (RFC 6749 section 3.3) is None and `resources` (RFC 8707) is empty if the request does not name them.
    """

    client: Client
    scopes_by_audience: Mapping[str, Collection[str]]
    scope: str | None = None
    resources: Sequence[str] = ()

    def default_audience(self, named_scopes: Collection[str]) -> str | None:
        """The audience of a token if no resource is requested: this service if `openid` is one of the scopes that the
        client has named, and the client's default otherwise."""
        if OPENID in named_scopes:
            of_openid = (audience for audience, scopes in self.scopes_by_audience.items() if OPENID in scopes)
            return next(of_openid, self.client.default_audience)
        return self.client.default_audience

    def target(self, scopes: Sequence[str], audience: str) -> Target:
        """Those of the scopes that belong to the service with this audience. Raises ScopeNotAllowed if none does."""
        of_service = self.scopes_by_audience.get(audience, ())
        narrowed = [scope for scope in scopes if scope in of_service]
        if not narrowed:
            raise ScopeNotAllowed(f"{self.client.id} gets no scope of {audience}")
        return Target(audience, narrowed)


def gives_refresh_token(client: Client, scopes: Collection[str]) -> bool:
    """Whether the client gets a refresh token for these scopes. A first-party client needs no scope for it."""
    return "refresh_token" in client.grants and (client.is_first_party or OFFLINE_ACCESS in scopes)


def scopes_within(requested: str | None, allowed: Sequence[str]) -> list[str]:
    """The requested scopes, which are separated by spaces, or all allowed ones if the parameter is absent.

    Raises ScopeNotAllowed (RFC 6749 section 3.3).
    """
    if requested is None:
        return list(allowed)
    scopes = sorted(set(requested.split(" ")) - {""})
    if not scopes or not set(scopes) <= set(allowed):
        raise ScopeNotAllowed("none, or more than allowed")
    return scopes


def audience_within(requested: Sequence[str], allowed: Sequence[str], default: str | None) -> str:
    """The requested audience, or the default one if none is requested. Raises AudienceNotAllowed (RFC 8707 section 2).

    A client with one audience needs no default.
    """
    if not allowed:
        raise NoAudience("the client has no audience")
    if requested:
        if len(requested) > 1:
            raise AudienceNotAllowed("several resources, and a token has one audience")
        if requested[0] not in allowed:
            raise AudienceNotAllowed("more than allowed")
        return requested[0]
    if default is not None and default in allowed:
        return default
    if len(allowed) > 1:
        raise NoDefaultAudience("the client has several audiences and no default")
    return allowed[0]
