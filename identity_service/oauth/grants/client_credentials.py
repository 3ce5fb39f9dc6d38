"""grant_type=client_credentials (RFC 6749 section 4.4): a service speaks for itself."""

from datetime import datetime

from identity_service.clients.models import Client
from identity_service.clients.service import audiences_within, scopes_within
from identity_service.oauth.errors import UnauthorizedClient
from identity_service.oauth.request import Form
from identity_service.tokens.minting import TokenAnswer, TokenMinter


def issue(issuer: TokenMinter, client: Client, form: Form, now: datetime) -> TokenAnswer:
    """An access token for a confidential client."""
    if client.secret_hash is None:
        raise UnauthorizedClient("a public client has no credentials")
    scopes = scopes_within(form.find("scope"), client.scopes)
    audiences = audiences_within(form.all("resource"), client.audiences)
    return issuer.for_client(client.id, scopes, audiences, now)
