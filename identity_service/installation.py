"""What every installation has: its own services and clients, its first signing key, and a service for each scope."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from identity_service.clients import redirect_uris
from identity_service.clients.drafts import ClientDraft
from identity_service.clients.grant_types import GrantType
from identity_service.clients.models import DOCUMENTATION_CLIENT, FIRST_PARTY_CLIENT, Client
from identity_service.clients.scopes import EMAIL, OPENID, PROFILE
from identity_service.keys.models import SigningKey
from identity_service.parts import Parts
from identity_service.registry.own import ADMINISTRATION_CLIENT as ADMINISTRATION_CLIENT
from identity_service.registry.own import OWN_CLIENTS as OWN_CLIENTS
from identity_service.registry.own import OWN_PERMISSIONS as OWN_PERMISSIONS
from identity_service.registry.own import OWN_SCOPES as OWN_SCOPES
from identity_service.registry.own import POSTS_CLIENT as POSTS_CLIENT
from identity_service.registry.own import POSTS_DOCUMENTATION_CLIENT as POSTS_DOCUMENTATION_CLIENT
from identity_service.registry.own import POSTS_PAGES_CLIENT as POSTS_PAGES_CLIENT
from identity_service.registry.own import POSTS_PERMISSIONS as POSTS_PERMISSIONS
from identity_service.registry.own import POSTS_SCOPES as POSTS_SCOPES
from identity_service.registry.own import own_services as own_services
from identity_service.services.drafts import ServiceDraft
from identity_service.sessions.settling import settle_names_scopes
from watchword.errors import Invalid
from watchword.service.docs import REDIRECT_PATH
from watchword.service.web_origins import origin_of_url

BY_PASSWORD: Final = (GrantType.PASSWORD, GrantType.REFRESH_TOKEN)
BY_DEVICE: Final = (GrantType.DEVICE_CODE, *BY_PASSWORD)
BY_REDIRECT: Final = (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN)
_DOCUMENTATION_SCOPES: Final = ("account", "admin", OPENID, PROFILE, EMAIL)


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A scope that belongs to no service, so that no token carries it, and the clients that may ask for it."""

    scope: str
    clients: Sequence[str]


class Installation:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._issuer = parts.settings.issuer

    async def install(
        self, posts_audience: str, posts_secret: str, posts_pages_origin: str | None = None
    ) -> SigningKey | None:
        """Make the clients, services and the first key; what exists stays, but for the secret.

        Raises Invalid if both services have one audience: a token for posts would then be one for identity.
        """
        if posts_audience == self._issuer:
            raise Invalid(
                advice="IDENTITY_POSTS_AUDIENCE must differ from IDENTITY_ISSUER, which is identity's audience"
            )
        pages = _posts_pages(self._issuer, posts_audience, posts_secret)
        # Pages are at the root of their origin, also if the audience has a path.
        pages_origin = posts_pages_origin or origin_of_url(posts_audience)
        clients = _clients(self._issuer, posts_audience, posts_secret)
        for draft in [*clients, *_by_redirect(pages, pages_origin, "/auth/callback")]:
            await self._merge(draft.as_client())
        for service in own_services(self._issuer, posts_audience):
            await self._parts.services.upsert(service, keep_texts=True)
        return await self._parts.signing_keys.make_next()

    async def assign_scopes(self, posts_audience: str) -> list[Unassigned]:
        """Assign each scope to a service if only one can have it, and choose default audiences."""
        services, clients = self._parts.services, await self._parts.clients.list_all()
        for audience in sorted({audience for client in clients for audience in client.audiences}):
            await services.upsert(ServiceDraft(audience, name=audience), keep_texts=True)
        assigned = (await services.directory()).audience_by_scope
        left = sorted({scope for client in clients for scope in client.scopes} - assigned.keys())
        # The scopes of these two services are known, so a scope that is left belongs to another one.
        candidates = {scope: _candidates(scope, clients) - {self._issuer, posts_audience} for scope in left}
        await services.assign({scope: next(iter(one)) for scope, one in candidates.items() if len(one) == 1})
        assigned = (await services.directory()).audience_by_scope
        await self._parts.clients.choose_default_audiences(self._issuer, assigned)
        return [
            Unassigned(scope, [client.id for client in clients if scope in client.scopes])
            for scope, audiences in candidates.items()
            if len(audiences) != 1
        ]

    async def _merge(self, client: Client) -> None:
        present = await self._parts.clients.find(client.id)
        if present is not None:
            await settle_names_scopes(self._parts.database, present)
        await self._parts.clients.merge(client)


def _clients(issuer: str, posts_audience: str, posts_secret: str) -> Iterable[ClientDraft]:
    write, both = ["posts:write"], [issuer, posts_audience]
    receiver = [GrantType.CLIENT_CREDENTIALS], ["ssf.manage", "ssf.read"], [issuer]
    own = ClientDraft(FIRST_PARTY_CLIENT, "Scripts of this installation", None, BY_PASSWORD, ["account", *write], both)
    yield replace(own, default_audience=posts_audience, is_first_party=True)
    scripts = ClientDraft(ADMINISTRATION_CLIENT, "Scripts of administrators", None, BY_DEVICE, ["admin"], [issuer])
    yield replace(scripts, is_first_party=True)
    yield ClientDraft(POSTS_CLIENT, "posts_service", posts_secret, *receiver)
    for client_id, name, scopes, audience in (
        (DOCUMENTATION_CLIENT, "Documentation of identity", _DOCUMENTATION_SCOPES, issuer),
        (POSTS_DOCUMENTATION_CLIENT, "Documentation of posts", write, posts_audience),
    ):
        documentation = ClientDraft(client_id, name, None, BY_REDIRECT, scopes, [audience])
        yield from _by_redirect(documentation, audience, REDIRECT_PATH)


def _posts_pages(issuer: str, posts_audience: str, posts_secret: str) -> ClientDraft:
    """The client of the pages of posts, without a redirect URI."""
    scopes, audiences = ["posts:write", OPENID], [issuer, posts_audience]
    name = "Watchword posts"
    return ClientDraft(POSTS_PAGES_CLIENT, name, posts_secret, BY_REDIRECT, scopes, audiences, posts_audience)


def _by_redirect(draft: ClientDraft, url: str, path: str) -> Iterable[ClientDraft]:
    """The first-party client that signs people in by redirect to this URL; none if no code may be sent there."""
    # An audience need not be as browsers write it.
    base = f"{origin_of_url(url)}{urlsplit(url).path.rstrip('/')}"
    if redirect_uris.fault(f"{base}{path}", draft.application_type) is None:
        uris, after_logout = [f"{base}{path}"], [f"{base}/"]
        yield replace(draft, is_first_party=True, redirect_uris=uris, post_logout_redirect_uris=after_logout)


def _candidates(scope: str, clients: Sequence[Client]) -> set[str]:
    """The audiences that every client with this scope has."""
    return set.intersection(*(set(client.audiences) for client in clients if scope in client.scopes))
