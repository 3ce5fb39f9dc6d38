"""The forms of services. A scope or a permission is a line: the word, a space, and what it allows."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator

from identity_service.admin.service_schemas import NewService as NewServiceBody
from identity_service.admin.service_schemas import OwnClient, Permissions, Scopes, ServiceName, ServicePatch
from identity_service.pages.admin.forms import NO_LINES, Changing
from identity_service.pages.forms import Form
from identity_service.services.values import ServiceChanges, ServiceView


def _entries(value: object, kind: str) -> object:
    """The members of the API for the lines of a text. A line without a text has no description, which is refused."""
    if not isinstance(value, str):
        return value
    pairs = (line.split(maxsplit=1) for line in value.splitlines() if line.strip())
    return [dict(zip((kind, "description"), (part.strip() for part in pair), strict=False)) for pair in pairs]


ScopeLines = Annotated[Scopes, BeforeValidator(lambda value: _entries(value, "scope"))]
PermissionLines = Annotated[Permissions, BeforeValidator(lambda value: _entries(value, "permission"))]


class NewService(NewServiceBody):
    """A service to be made."""

    scopes: ScopeLines = NO_LINES
    permissions: PermissionLines = NO_LINES


class ServiceChange(Changing):
    """Everything of a service but its audience."""

    name: ServiceName
    client_id: OwnClient = None
    scopes: ScopeLines = NO_LINES
    permissions: PermissionLines = NO_LINES

    def as_changes(self) -> ServiceChanges:
        """Raises Faulty for a word that is there twice."""
        patch = ServicePatch(name=self.name, client_id=self.client_id, scopes=self.scopes, permissions=self.permissions)
        return patch.as_changes()


def as_form(service: ServiceView) -> Form[ServiceChange]:
    """The form with what the service has."""
    values = {
        "name": service.name,
        "client_id": service.client_id or "",
        "scopes": _lines(service.scopes),
        "permissions": _lines(service.permissions),
    }
    return Form({name: value for name, value in values.items() if value})


def _lines(texts: Mapping[str, str]) -> str:
    return "\n".join(f"{word} {' '.join(text.split())}" for word, text in texts.items())
