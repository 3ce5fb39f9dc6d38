"""The commands about services."""

from collections.abc import Sequence
from typing import Annotated

import typer

from identity_service.admin.service_schemas import NewService, ServicePage, ServiceRead
from identity_service.administration import Administration, entered
from identity_service.commands.acts import Wait, act_answer
from identity_service.commands.client_texts import list_of
from identity_service.commands.opening import open_parts
from identity_service.parts import Parts
from identity_service.services.edits import ServiceEdit
from watchword.service.command_options import Cursor, Limit
from watchword.service.commands import Answer, CommandGroup, WrongUsage, page_answer

Named = Annotated[str, typer.Argument(metavar="SERVICE", help="The audience or the id of a service.")]
OwnClient = Annotated[
    str | None,
    typer.Option("--client", metavar="ID", help="The client of the service itself, which may introspect its tokens."),
]
Scopes = Annotated[list[str] | None, typer.Option("--scope", metavar="SCOPE=TEXT", help="A scope, and what it allows.")]
Permissions = Annotated[
    list[str] | None,
    typer.Option("--permission", metavar="PERMISSION=TEXT", help="A permission, and what it allows."),
]

GROUP = CommandGroup("services", "The services that tokens are for, with their scopes and permissions.", open_parts)


@GROUP.verb("list")
async def list_services(parts: Parts, *, limit: Limit = 20, cursor: Cursor = None) -> Answer:
    """List the services, in the order in which they were made."""
    page = ServicePage.of(await parts.admin.services.list(cursor, limit))
    return page_answer(page, [_line(service) for service in page.items], "There are no services.")


@GROUP.verb("show")
async def show_service(parts: Parts, service: Named) -> Answer:
    """Show a service with its scopes and permissions."""
    read = ServiceRead.of(await Administration(parts).find_service(service))
    return Answer("\n".join(_lines(read)), read)


@GROUP.verb("create")
async def create_service(
    parts: Parts,
    audience: Annotated[str, typer.Argument(metavar="AUDIENCE", help="The URL that names it in tokens (aud).")],
    *,
    name: Annotated[str, typer.Option(help="What people call the service.")],
    client: OwnClient = None,
    scopes: Scopes = None,
    permissions: Permissions = None,
) -> Answer:
    """Make a service, for which clients can then ask tokens."""
    body = _body(audience, name, client, scopes, permissions)
    read = ServiceRead.of(await Administration(parts).create_service(body.as_draft()))
    return Answer("\n".join(_lines(read)), read)


@GROUP.verb("change")
async def change_service(
    parts: Parts,
    service: Named,
    *,
    name: Annotated[str | None, typer.Option(help="What people call the service.")] = None,
    client: OwnClient = None,
    no_client: Annotated[bool, typer.Option("--no-client", help="It has no client of its own.")] = False,
    scopes: Scopes = None,
    permissions: Permissions = None,
    lost_scopes: Annotated[
        list[str] | None, typer.Option("--remove-scope", metavar="SCOPE", help="Remove this scope.")
    ] = None,
    lost_permissions: Annotated[
        list[str] | None,
        typer.Option("--remove-permission", metavar="PERMISSION", help="Remove it, also from the roles that have it."),
    ] = None,
    wait: Wait = None,
) -> Answer:
    """Change a service. What no option names stays as it is."""
    body = _body("https://present.example", "as it is" if name is None else name, client, scopes, permissions)
    draft = body.as_draft()
    edit = ServiceEdit(
        name,
        client,
        removes_client=no_client,
        scopes=draft.scopes,
        permissions=draft.permissions,
        lost_scopes=lost_scopes or (),
        lost_permissions=lost_permissions or (),
    )
    if edit == ServiceEdit():
        raise WrongUsage("there is nothing to change: name what to set or to remove")
    changed = await Administration(parts).change_service(service, edit)
    read = ServiceRead.of(changed.service)
    return await act_answer(parts, wait, changed.act, "\n".join(_lines(read)), read.model_dump())


@GROUP.verb("delete")
async def delete_service(parts: Parts, service: Named, *, wait: Wait = None) -> Answer:
    """Delete a service that no client may ask tokens for."""
    act = await Administration(parts).delete_service(service)
    return await act_answer(
        parts, wait, act, f"The service {service} is deleted, and its permissions leave every role."
    )


def _body(
    audience: str, name: str, client: str | None, scopes: Sequence[str] | None, permissions: Sequence[str] | None
) -> NewService:
    """The body of a request that says the same. Raises WrongUsage, Invalid."""
    return entered(
        NewService,
        audience=audience,
        name=name,
        client_id=client,
        scopes=_texts("scope", scopes or ()),
        permissions=_texts("permission", permissions or ()),
    )


def _texts(kind: str, arguments: Sequence[str]) -> list[dict[str, str]]:
    """The words with their texts, from arguments such as `notes:read=Read your notes`. Raises WrongUsage."""
    pairs = [argument.partition("=") for argument in arguments]
    for word, separator, _ in pairs:
        if not separator:
            raise WrongUsage(f"{word}: write --{kind} '{word}=TEXT', with a text that says what it allows")
    return [{kind: word, "description": text} for word, _, text in pairs]


def _line(service: ServiceRead) -> str:
    scopes = list_of(entry.scope for entry in service.scopes)
    return f"{service.id}  {service.audience}  {service.name}  {scopes}"


def _lines(service: ServiceRead) -> list[str]:
    return [
        f"The service {service.audience}: {service.name}, with the id {service.id}.",
        f"Its own client: {service.client_id or 'none'}.",
        *(f"Scope {entry.scope}: {entry.description}" for entry in service.scopes),
        *(f"Permission {entry.permission}: {entry.description}" for entry in service.permissions),
    ]
