"""Clients in words, for the command line."""

from collections.abc import Iterable, Iterator

from identity_service.admin.client_schemas import ClientRead
from identity_service.clients.grant_types import GrantType
from identity_service.clients.models import ApplicationType
from identity_service.settings import Settings


def describe(client: ClientRead, settings: Settings) -> Iterator[str]:
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
    if client.first_party:
        yield "It is a first-party client: nobody is asked to consent."
    if client.application_type == ApplicationType.NATIVE:
        yield "It is a native application."
    if client.public:
        yield "It is public: it has no secret."
    elif len(client.secrets) > 1:
        yield f"Two secrets are valid; clients end-former-secret {client.id} ends the former one."


def line_of(client: ClientRead) -> str:
    """One line of the list of clients."""
    kinds = [
        "first-party" if client.first_party else "third-party",
        *(["native"] if client.application_type == ApplicationType.NATIVE else []),
        "public" if client.public else "confidential",
    ]
    return f"{client.id}  {client.name}  {', '.join(kinds)}  {list_of(client.grants)}"


def list_of(words: Iterable[str]) -> str:
    return ", ".join(words) or "none"
