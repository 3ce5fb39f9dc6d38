"""A service as administrators see and change it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from asyncpg import Record

from identity_service.services.drafts import ServiceDraft


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A service, with the texts of its scopes and permissions in alphabetical order."""

    id: UUID
    audience: str
    name: str
    client_id: str | None
    scopes: Mapping[str, str]
    permissions: Mapping[str, str]

    @classmethod
    def of(cls, row: Record) -> "ServiceView":
        """The service in a row of `repository.SERVICE`."""
        service_id, audience, name, client_id, scopes, permissions = row
        return cls(service_id, audience, name, client_id, dict(scopes), dict(permissions))

    def as_members(self) -> dict[str, Any]:
        return {
            "audience": self.audience,
            "name": self.name,
            "client_id": self.client_id,
            "scopes": dict(self.scopes),
            "permissions": dict(self.permissions),
        }


@dataclass(frozen=True, slots=True)
class ServiceChanges:
    """The members of a service that are replaced; None stays as it is. `changes_client` is whether the client does."""

    name: str | None = None
    client_id: str | None = None
    changes_client: bool = False
    scopes: Mapping[str, str] | None = None
    permissions: Mapping[str, str] | None = None

    def applied_to(self, service: ServiceView) -> ServiceDraft:
        return ServiceDraft(
            service.audience,
            service.name if self.name is None else self.name,
            self.client_id if self.changes_client else service.client_id,
            service.scopes if self.scopes is None else self.scopes,
            service.permissions if self.permissions is None else self.permissions,
        )


Expectation: TypeAlias = Callable[[ServiceView], None]
"""Raises PreconditionFailed if the service is not as the caller has read it."""
