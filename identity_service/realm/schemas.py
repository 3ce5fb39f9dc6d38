"""What the file that declares roles, services and clients looks like. The texts obey the rules of the administration
over HTTP."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, Strict, StringConstraints, ValidationError

from identity_service.clients import fields as client_fields
from identity_service.clients.grant_types import GrantType
from identity_service.clients.models import ApplicationType
from identity_service.realm.places import FileFault, Path, ensure_faultless
from identity_service.realm.reading import Document
from identity_service.roles import fields as role_fields
from identity_service.services import fields as service_fields
from watchword.http.fields import Body

_MAY_BE_NULL: Final = frozenset({("services", "client_id"), ("clients", "backchannel_logout_uri")})


def _grant_type(text: Any) -> Any:
    """The grant type; `device_code` is short for a URN."""
    return GrantType.DEVICE_CODE if text == "device_code" else text


VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
Switch = Annotated[bool, Strict()]
Grants = Annotated[
    list[Annotated[GrantType, BeforeValidator(_grant_type)]], Field(max_length=client_fields.MAX_ENTRIES)
]
Texts = Annotated[dict[service_fields.Word, service_fields.Description], Field(max_length=service_fields.MAX_WORDS)]


class DeclaredRole(Body):
    """What a role is for, what it allows, and whether people who have it must have a second factor."""

    description: role_fields.Description | None = None
    permissions: role_fields.PermissionNames | None = None
    requires_second_factor: Switch | None = None


class DeclaredService(Body):
    """A service, and the texts of its scopes and permissions."""

    name: service_fields.ServiceName | None = None
    client_id: service_fields.OwnClient = None
    scopes: Texts | None = None
    permissions: Texts | None = None


class DeclaredClient(Body):
    """A client, and the variable that has a secret of it."""

    name: client_fields.ClientName | None = None
    public: Switch | None = None
    first_party: Switch | None = None
    application_type: ApplicationType | None = None
    grants: Grants | None = None
    scopes: client_fields.Scopes | None = None
    audiences: client_fields.Audiences | None = None
    default_audience: client_fields.Audience | None = None
    redirect_uris: client_fields.Uris | None = None
    post_logout_redirect_uris: client_fields.Uris | None = None
    backchannel_logout_uri: client_fields.LogoutUri = None
    secret_variable: VariableName | None = None


def _nothing_as_empty(value: Any) -> Any:
    """A heading without anything under it names nothing."""
    return {} if value is None else value


class Declaration(Body):
    """What a file names, by the names of roles, the audiences of services and the ids of clients."""

    roles: Annotated[dict[role_fields.RoleName, DeclaredRole], BeforeValidator(_nothing_as_empty)] = Field(
        default_factory=dict
    )
    services: Annotated[dict[service_fields.Audience, DeclaredService], BeforeValidator(_nothing_as_empty)] = Field(
        default_factory=dict
    )
    clients: Annotated[dict[client_fields.ClientId, DeclaredClient], BeforeValidator(_nothing_as_empty)] = Field(
        default_factory=dict
    )


_BODIES: Final[Mapping[str, type[Body]]] = {
    "roles": DeclaredRole,
    "services": DeclaredService,
    "clients": DeclaredClient,
}


def declaration_of(document: Document) -> Declaration:
    """What the document declares. Raises FaultyFile with everything that is wrong with its form and its members."""
    faults = {fault.path: fault for fault in reversed([*document.faults, *_nulls(document.value)])}
    declaration = Declaration()
    try:
        declaration = Declaration.model_validate(document.value)
    except ValidationError as error:
        for fault in map(_fault, error.errors(include_url=False)):
            # What has no value because of its form needs no second fault.
            faults.setdefault(fault.path, fault)
    ensure_faultless(faults.values(), document.lines)
    return declaration


def _nulls(value: Any) -> Iterator[FileFault]:
    """Members that are null, which would look as if they were left out."""
    for section, entries in _items(value):
        for name, members in _items(entries):
            for member, content in _items(members):
                if content is None and (section, member) not in _MAY_BE_NULL:
                    yield FileFault((section, name, member), "it may be left out, or empty ([] or {}), and not be null")


def _items(value: Any) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, dict) else ()


def _fault(error: Any) -> FileFault:
    path: Path = tuple(step for step in error["loc"] if step != "[key]")
    if error["type"] == "extra_forbidden":
        body = Declaration if len(path) == 1 else _BODIES[str(path[0])]
        return FileFault(path, f"there is no such member here; there are {', '.join(body.model_fields)}")
    if error["type"] in ("model_type", "dict_type"):
        return FileFault(path, "it must be a mapping: names, each with a value")
    if error["type"] == "string_type" and isinstance(error["input"], bool):
        return FileFault(path, "YAML reads it as true or false: write it in quotes if it is meant as a text")
    return FileFault(path, str(error["msg"]))
