"""Clients whose tokens may become too large for services."""

from identity_service.clients.drafts import Reach
from identity_service.clients.models import Client
from identity_service.clients.narrowing import Target
from identity_service.tokens.minting import TokenMinter
from watchword.auth.jws import MAX_TOKEN_BYTES


def size_warnings(client: Client, reach: Reach, tokens: TokenMinter) -> list[str]:
    """The audiences for which the client's scopes alone leave little room for a person's roles and permissions."""
    warnings = []
    for audience in client.audiences:
        scopes = [scope for scope in client.scopes if reach.audience_by_scope.get(scope) == audience]
        size = tokens.size_for(client.id, Target(audience, scopes))
        if size > MAX_TOKEN_BYTES * 3 // 4:
            warnings.append(
                f"a token with all its scopes of {audience} has at least {size} bytes; services accept"
                f" {MAX_TOKEN_BYTES}, the person's roles and permissions included"
            )
    return warnings
