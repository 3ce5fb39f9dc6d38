"""The forms of clients, and what a person chooses from in them."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Annotated, Any

from identity_service.admin.client_schemas import (
    Audience,
    Audiences,
    ClientName,
    Grants,
    LogoutUri,
    NewClientBody,
    Scopes,
    Uris,
)
from identity_service.clients.grant_types import GrantType
from identity_service.clients.models import ApplicationType, Client
from identity_service.clients.values import ClientReplacements
from identity_service.pages.admin.forms import LINES, NO_LINES, Changing
from identity_service.pages.forms import CHOICES, Form
from identity_service.services.values import ServiceView

UriLines = Annotated[Uris, LINES]


class NewClient(NewClientBody):
    """A client to be made."""

    grants: Annotated[Grants, CHOICES]
    scopes: Annotated[Scopes, CHOICES]
    audiences: Annotated[Audiences, CHOICES]
    redirect_uris: UriLines = NO_LINES
    post_logout_redirect_uris: UriLines = NO_LINES


class ClientChange(Changing):
    """Everything of a client that can change but its secrets."""

    name: ClientName
    first_party: bool = False
    grants: Annotated[Grants, CHOICES]
    scopes: Annotated[Scopes, CHOICES]
    audiences: Annotated[Audiences, CHOICES]
    default_audience: Audience | None = None
    redirect_uris: UriLines = NO_LINES
    post_logout_redirect_uris: UriLines = NO_LINES
    backchannel_logout_uri: LogoutUri = None

    def as_replacements(self) -> ClientReplacements:
        return ClientReplacements(
            self.name,
            self.first_party,
            self.grants,
            self.scopes,
            self.audiences,
            self.default_audience,
            self.redirect_uris,
            self.post_logout_redirect_uris,
            self.backchannel_logout_uri,
            changes_logout_uri=True,
        )


class SecretForm(Changing):
    """Another secret; `lost` is whether it takes the place of the latest one. `etag` is that of `secrets_tag`."""

    lost: bool = False


def secrets_tag(client: Client) -> str:
    """The entity tag of the secrets of a client: what was done once is not done again to other secrets."""
    return sha256(b"%b %b" % (client.secret_hash or b"", client.former_secret_hash or b"")).hexdigest()[:32]


def as_form(client: Client) -> Form[ClientChange]:
    """The form with what the client has."""
    values = {
        "name": client.name,
        "first_party": "true" if client.is_first_party else "",
        "default_audience": client.default_audience or "",
        "redirect_uris": "\n".join(client.redirect_uris),
        "post_logout_redirect_uris": "\n".join(client.post_logout_redirect_uris),
        "backchannel_logout_uri": client.backchannel_logout_uri or "",
    }
    choices = {"grants": client.grants, "scopes": client.scopes, "audiences": client.audiences}
    return Form({name: value for name, value in values.items() if value}, choices=choices)


def options_of(services: Iterable[ServiceView]) -> dict[str, Any]:
    """What a client can have: the words of the template."""
    services = list(services)
    scopes = [(scope, text, service.audience) for service in services for scope, text in service.scopes.items()]
    return {
        "grants": list(GrantType),
        "types": list(ApplicationType),
        "audiences": [(service.audience, service.audience, service.name) for service in services],
        "scopes": [(scope, scope, f"{text} ({audience})") for scope, text, audience in scopes],
    }
