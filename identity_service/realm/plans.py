"""What a declaration changes of the present state."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from identity_service.clients.models import Client
from identity_service.roles.values import RoleView
from identity_service.services.drafts import Directory, ServiceDraft
from identity_service.services.values import ServiceChanges, ServiceView

NO_SERVICES: Final = Directory((), {}, {})


@dataclass(frozen=True, slots=True)
class PlannedService:
    """A service as it is to be; `before` is None for a new one."""

    before: ServiceView | None
    after: ServiceDraft

    @property
    def differs(self) -> bool:
        return self.before is None or as_draft(self.before) != self.after


@dataclass(frozen=True, slots=True, repr=False)
class PlannedClient:
    """A client as it is to be; `before` is None for a new one, and `secret` is one that somebody must be told."""

    before: Client | None
    after: Client
    secret: str | None = None

    @property
    def differs(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class PlannedRole:
    """A role as it is to be; `before` is None for a new one."""

    before: RoleView | None
    after: RoleView

    @property
    def differs(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Plan:
    """What differs, in the order in which it is applied."""

    services: Sequence[PlannedService]
    clients: Sequence[PlannedClient]
    roles: Sequence[PlannedRole]


def as_draft(service: ServiceView) -> ServiceDraft:
    return ServiceChanges().applied_to(service)


def directory_of(services: Mapping[str, ServiceDraft], before: Directory = NO_SERVICES) -> Directory:
    """The audiences of these services, and whose each scope and permission is: of several that name it, it belongs to
    the one that had it before, if one of them had it."""
    scopes = {audience: service.scopes for audience, service in services.items()}
    permissions = {audience: service.permissions for audience, service in services.items()}
    return Directory(
        [*services],
        _owners(scopes, before.audience_by_scope),
        _owners(permissions, before.audience_by_permission),
    )


def _owners(words: Mapping[str, Collection[str]], before: Mapping[str, str]) -> Mapping[str, str]:
    owners = {word: audience for word, audience in before.items() if word in words.get(audience, ())}
    for audience, named in words.items():
        for word in named:
            owners.setdefault(word, audience)
    return owners
