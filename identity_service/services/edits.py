"""What is added to a service and removed from it, while the rest stays."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from identity_service.services.values import ServiceChanges, ServiceView
from watchword.errors import Fault


@dataclass(frozen=True, slots=True)
class ServiceEdit:
    """Another name or client, texts of scopes and permissions to be set, and words to be removed."""

    name: str | None = None
    client_id: str | None = None
    removes_client: bool = False
    scopes: Mapping[str, str] = field(default_factory=dict)
    permissions: Mapping[str, str] = field(default_factory=dict)
    lost_scopes: Collection[str] = ()
    lost_permissions: Collection[str] = ()

    def changes_of(self, service: ServiceView) -> ServiceChanges:
        """What the service is to have."""
        return ServiceChanges(
            self.name,
            self.client_id,
            changes_client=self.removes_client or self.client_id is not None,
            scopes=_edited(service.scopes, self.scopes, self.lost_scopes),
            permissions=_edited(service.permissions, self.permissions, self.lost_permissions),
        )

    def faults(self, service: ServiceView) -> Iterator[Fault]:
        """What has no effect on this service."""
        words = (
            ("scope", self.scopes, self.lost_scopes, service.scopes),
            ("permission", self.permissions, self.lost_permissions, service.permissions),
        )
        for kind, texts, lost, present in words:
            for word in dict.fromkeys(lost):
                if word in texts:
                    yield Fault.of(f"{kind}s", f"the {kind} {word} is both set and removed")
                elif word not in present:
                    yield Fault.of(f"{kind}s", f"the service has no {kind} {word}")
        if self.removes_client and self.client_id is not None:
            yield Fault.of("client_id", "the service's own client is both set and removed")


def _edited(present: Mapping[str, str], texts: Mapping[str, str], lost: Collection[str]) -> dict[str, str]:
    return {word: text for word, text in {**present, **texts}.items() if word not in lost}
