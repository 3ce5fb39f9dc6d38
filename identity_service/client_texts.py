"""Clients in words, for the command line."""

from collections.abc import Iterable, Iterator

from identity_service.clients.grant_types import GrantType
from identity_service.clients.models import ApplicationType, Client
from identity_service.settings import Settings


def describe(client: Client, settings: Settings) -> Iterator[str]:
    """What the client may do in an installation with these settings, in lines."""
    yield f"Grants: {list_of(client.grants)}. Scopes: {list_of(client.scopes)}."
    if GrantType.PASSWORD in client.grants and not settings.password_grant:
        yield f"The grant password has no effect here, unless {settings.variable('password_grant')} is true."
    yield f"Audiences: {list_of(client.audiences)}; without a resource, tokens are for {client.default_audience}."
    if client.redirect_uris:
        yield f"Redirect URIs: {list_of(client.redirect_uris)}"
    if client.post_logout_redirect_uris:
        yield f"Redirect URIs after a logout: {list_of(client.post_logout_redirect_uris)}"
    if client.backchannel_logout_uri is not None:
        yield f"Logout tokens are sent to {client.backchannel_logout_uri}"
    if client.is_first_party:
        yield "It is a first-party client: nobody is asked to consent."
    if client.application_type == ApplicationType.NATIVE:
        yield "It is a native application."
    if client.is_public:
        yield "It is public: it has no secret."
    elif client.former_secret_hash is not None:
        yield "Two secrets are valid; end-former-secret ends the former one."


def line_of(client: Client) -> str:
    """One line of the list of clients."""
    kinds = [
        "first-party" if client.is_first_party else "third-party",
        *(["native"] if client.application_type == ApplicationType.NATIVE else []),
        "public" if client.is_public else "confidential",
    ]
    return f"{client.id}  {client.name}  {', '.join(kinds)}  {list_of(client.grants)}"


def list_of(words: Iterable[str]) -> str:
    return ", ".join(words) or "none"
