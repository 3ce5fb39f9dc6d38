"""A client as administrators see and change it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, TypeAlias

from identity_service.clients.models import NO_SECRET, Client
from identity_service.clients.secrets import count_secrets


@dataclass(frozen=True, slots=True, repr=False)
class ClientView:
    """A client, and when each of its secrets was used last, by its hash."""

    client: Client
    created_at: datetime
    used_at: Mapping[bytes, datetime]

    def secret_used_at(self, secret_hash: bytes | None) -> datetime | None:
        """When the secret with this hash was used last, if ever; of a public client, when it was used last."""
        return self.used_at.get(NO_SECRET if secret_hash is None else secret_hash)


@dataclass(frozen=True, slots=True)
class ClientReplacements:
    """The members of a client that are replaced; None stays as it is. `changes_logout_uri` is whether that URI does."""

    name: str | None = None
    is_first_party: bool | None = None
    grants: Sequence[str] | None = None
    scopes: Sequence[str] | None = None
    audiences: Sequence[str] | None = None
    default_audience: str | None = None
    redirect_uris: Sequence[str] | None = None
    post_logout_redirect_uris: Sequence[str] | None = None
    backchannel_logout_uri: str | None = None
    changes_logout_uri: bool = False

    @classmethod
    def of(cls, client: Client) -> "ClientReplacements":
        """Those that make a client what this one is."""
        names = (field.name for field in fields(cls) if field.name != "changes_logout_uri")
        return cls(**{name: getattr(client, name) for name in names}, changes_logout_uri=True)

    def applied_to(self, client: Client) -> Client:
        lists = ("grants", "scopes", "audiences", "redirect_uris", "post_logout_redirect_uris")
        members: dict[str, Any] = {name: getattr(self, name) for name in (*lists, "name", "is_first_party")}
        members["default_audience"] = self.default_audience
        sent = {name: value for name, value in members.items() if value is not None}
        sent |= {name: list(dict.fromkeys(sent[name])) for name in lists if name in sent}
        if self.changes_logout_uri:
            sent["backchannel_logout_uri"] = self.backchannel_logout_uri
        return replace(client, **sent)


Expectation: TypeAlias = Callable[[Client], None]
"""Raises PreconditionFailed if the client is not as the caller has read it."""


def members_of(client: Client) -> dict[str, Any]:
    """The client for the audit log: neither a secret nor the hash of one, but how many are valid."""
    return {
        "name": client.name,
        "application_type": client.application_type,
        "is_first_party": client.is_first_party,
        "grants": list(client.grants),
        "scopes": list(client.scopes),
        "audiences": list(client.audiences),
        "default_audience": client.default_audience,
        "redirect_uris": list(client.redirect_uris),
        "post_logout_redirect_uris": list(client.post_logout_redirect_uris),
        "backchannel_logout_uri": client.backchannel_logout_uri,
        "secrets": count_secrets(client),
    }
