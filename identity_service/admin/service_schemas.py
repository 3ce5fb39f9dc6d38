"""What services look like in JSON."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, Field

from identity_service.admin.tags import entity_tag
from identity_service.services.drafts import ServiceDraft
from identity_service.services.fields import MAX_WORDS as MAX_WORDS
from identity_service.services.fields import Audience as Audience
from identity_service.services.fields import Description as Description
from identity_service.services.fields import OwnClient as OwnClient
from identity_service.services.fields import ServiceName as ServiceName
from identity_service.services.fields import Word as Word
from identity_service.services.values import ServiceChanges, ServiceView
from watchword.errors import Fault, ensure_faultless
from watchword.http.fields import LEFT_OUT, Body
from watchword.http.paging import Page

_AUDIENCE: Final = "https://notes.example"


class ScopeText(Body):
    """A scope, and what it allows in words for people who are asked to consent."""

    scope: Annotated[Word, Field(examples=["notes:read"])]
    description: Annotated[Description, Field(examples=["Read your notes"])]


class PermissionText(Body):
    """A permission, and what it allows in words for people who edit roles."""

    permission: Annotated[Word, Field(examples=["note:edit_any"])]
    description: Annotated[Description, Field(examples=["Change the notes of others"])]


Scopes = Annotated[list[ScopeText], Field(max_length=MAX_WORDS)]
Permissions = Annotated[list[PermissionText], Field(max_length=MAX_WORDS)]


class NewService(Body):
    """A service to be made."""

    audience: Audience
    name: ServiceName
    client_id: OwnClient = None
    scopes: Scopes = Field(default_factory=list)
    permissions: Permissions = Field(default_factory=list)

    def as_draft(self) -> ServiceDraft:
        """Raises Faulty for a scope or a permission that is there twice."""
        scopes, permissions = _scope_texts(self.scopes), _permission_texts(self.permissions)
        return ServiceDraft(self.audience, self.name, self.client_id, scopes, permissions)


class ServicePatch(Body):
    """The members of a service that are replaced; those left out stay as they are. Only `client_id` may be null: then
    the service has no client of its own."""

    name: ServiceName = LEFT_OUT
    client_id: OwnClient = None
    scopes: Scopes = LEFT_OUT
    permissions: Permissions = LEFT_OUT

    def as_changes(self) -> ServiceChanges:
        """Raises Faulty for a scope or a permission that is there twice."""
        return ServiceChanges(
            self.name,
            self.client_id,
            changes_client="client_id" in self.model_fields_set,
            scopes=None if self.scopes is None else _scope_texts(self.scopes),
            permissions=None if self.permissions is None else _permission_texts(self.permissions),
        )


class ServiceRead(BaseModel):
    """A service that tokens can be issued for."""

    id: UUID
    audience: str = Field(description="`aud` of its tokens", examples=[_AUDIENCE])
    name: str = Field(examples=["Notes"])
    client_id: str | None = Field(description="Its own client, which may introspect its tokens", examples=["notes"])
    scopes: list[ScopeText]
    permissions: list[PermissionText]

    @classmethod
    def of(cls, service: ServiceView) -> "ServiceRead":
        return cls(
            id=service.id,
            audience=service.audience,
            name=service.name,
            client_id=service.client_id,
            # Without a check: an earlier release took texts of any length.
            scopes=[ScopeText.model_construct(scope=word, description=text) for word, text in service.scopes.items()],
            permissions=[
                PermissionText.model_construct(permission=word, description=text)
                for word, text in service.permissions.items()
            ],
        )


class ServicePage(BaseModel):
    items: list[ServiceRead]
    next: str | None = Field(description="The cursor of the next page; null on the last", examples=["tO7mUisBmaPB5fB9"])

    @classmethod
    def of(cls, page: Page[ServiceView]) -> "ServicePage":
        return cls(items=[ServiceRead.of(service) for service in page.items], next=page.next_cursor)


def service_tag(service: ServiceView) -> str:
    return entity_tag(ServiceRead.of(service))


def _scope_texts(scopes: list[ScopeText]) -> Mapping[str, str]:
    return _texts("scope", ((entry.scope, entry.description) for entry in scopes))


def _permission_texts(permissions: list[PermissionText]) -> Mapping[str, str]:
    return _texts("permission", ((entry.permission, entry.description) for entry in permissions))


def _texts(kind: str, pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    texts: dict[str, str] = {}
    faults = []
    for index, (word, text) in enumerate(pairs):
        if word in texts:
            faults.append(Fault.of(f"{kind}s/{index}/{kind}", f"the {kind} {word} is named twice"))
        texts[word] = text
    ensure_faultless(faults)
    return texts
